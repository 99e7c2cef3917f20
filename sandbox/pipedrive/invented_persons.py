"""Very many invented persons, the same ones for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.json_body import Json
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.invented_numbers import InventedNumbers, e164
from sandbox.pipedrive.seed import contact_values

WITH_ORGANIZATION = 0.6
WITH_SECOND_NUMBER = 0.15


def _words(text: str) -> list[str]:
    """Let a list of words be written like prose."""
    return text.split()


_FIRST_NAMES = _words(
    "Aino Aleksi Anni Antti Anja Arto Eero Eeva Elina Emilia Esa Hanna Harri Heidi Heikki Helena Henna Iida Ilkka "
    "Jaana Jari Jenni Johanna Juha Jukka Kaarina Kalle Kari Kirsi Lasse Laura Leena Liisa Maija Marja Marko Matti "
    "Mikko Minna Niina Olli Outi Pasi Pekka Petri Pirjo Päivi Raija Riikka Risto Sami Sari Seppo Sofia Tapio "
    "Teemu Tiina Timo Tuula Veera Ville Väinö Åsa"
)
_LAST_NAMES = _words(
    "Aalto Ahonen Andersson Eskola Halonen Hakala Heikkinen Heinonen Hiltunen Hirvonen Hämäläinen Jokinen "
    "Jääskeläinen Kallio Karjalainen Kettunen Kinnunen Koskinen Korhonen Laaksonen Lahtinen Laine Laitinen "
    "Lehtinen Lehtonen Leppänen Lindholm Lindström Manninen Mattila Miettinen Mustonen Mäkelä Mäkinen Niemelä "
    "Niemi Nieminen Nyman Ojala Pitkänen Räsänen Rantanen Salmi Salminen Salo Savolainen Seppälä Toivonen "
    "Tuominen Turunen Vainio Virtanen Väisänen Ylönen Öhman"
)
_PLACES = _words(
    "Ahvenlammen Haapaveden Hirvikosken Joutsenlahden Kaislarannan Kuusimäen Koivuharjun Lumivaaran Metsäpuron "
    "Mäntykankaan Niittyrannan Ollinsaaren Peltolan Pihlajaniemen Revontulen Saunalahden Suopursun Tuulikallion "
    "Vaahteramäen Väyläniemen"
)
_TRADES = _words(
    "Autohuolto Betoni Eläinklinikka Hammashoito Isännöinti Kaluste Kiinteistöt Konepaja Kuljetus Leipomo Maalaus "
    "Matkat Metalli Optiikka Puutarha Putki Rakennus Sähkö Siivous Tilitoimisto"
)
_FORMS = ("Oy", "Oy", "Oy", "Ky", "Tmi", "Oyj")


@dataclass(frozen=True)
class Wish:
    """What persons are asked for: how many, from which seed, how many of them with somebody else's number."""

    count: int
    seed: int = 1
    shared_numbers: int = 0
    update_time: str | None = None
    visible_to: int = 3


def add_invented_persons(company: Company, wish: Wish) -> list[Json]:
    """Add the persons and their organisations, and tell nobody."""
    chance = random.Random(wish.seed)  # noqa: S311 - it invents people, not secrets
    numbers = InventedNumbers(chance, numbers_of(company))
    owners = [user["id"] for user in company.users.values() if company.active_user(user["id"])]
    employers = _employers(company, chance, owners)
    times = {"add_time": wish.update_time, "update_time": wish.update_time} if wish.update_time else {}
    added: list[Json] = []
    for place in range(wish.count):
        first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
        employer = next(employers) if chance.random() < WITH_ORGANIZATION else None
        if added and place >= wish.count - wish.shared_numbers:
            phones = [numbers.rewritten(chance.choice(added)["phones"][0]["value"])]
        else:
            phones = [numbers.take() for _ in range(1 + (chance.random() < WITH_SECOND_NUMBER))]
        person: Json = {
            "name": f"{first} {last}",
            "owner_id": chance.choice(owners),
            "org_id": employer,
            "phones": contact_values(phones, "mobile"),
            "visible_to": wish.visible_to,
            **times,
        }
        added.append(company.add_person(person))
    return added


def numbers_of(company: Company) -> set[str]:
    """Return every number somebody in the company has already."""
    return {e164(phone["value"]) for person in company.persons.values() for phone in person["phones"]}


def _employers(company: Company, chance: random.Random, owners: list[int]) -> Iterator[int]:
    """Yield the organisation of one employee after another: one to five colleagues, three on the average."""
    while True:
        name = f"{chance.choice(_PLACES)} {chance.choice(_TRADES)} {chance.choice(_FORMS)}"
        organization = company.add_organization(name, chance.choice(owners))
        for _ in range(chance.randint(1, 5)):
            yield organization["id"]
