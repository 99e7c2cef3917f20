"""The two invented companies the sandbox starts with."""

import itertools

from sandbox.json_body import Json
from sandbox.pipedrive.company import Company

# name, phones as somebody typed them, organisation or None
_ESIMERKKI_PERSONS: list[tuple[str, list[str], str | None]] = [
    ("Eero Mäkinen", ["+358400124387"], "Kuusikon Puutarha Oy"),
    ("Helmi Koskela", ["0400124388"], "Kuusikon Puutarha Oy"),
    ("Ilmari Saarinen", ["040-012 4389"], None),
    ("Katri Lehtonen", ["+358 40 012 4390", "09 4123 4568"], "Lehtosen Leipomo Ky"),
    ("Lauri Heikkilä", ["09 4123 4567"], "Rannikon Sähkö Oy"),
    ("Astrid Nyström", ["+46 70 123 45 67"], None),
    ('<b>Olli</b> & "Pojat"', ["040 012 4391"], "Rannikon Sähkö Oy"),
    ("Päivi Rantanen", ["040 012 4392"], None),
    ("Pekka Rantanen", ["+358400124392"], "Rannikon Sähkö Oy"),
    ("Sanna Jokinen", ["(040) 012-4393"], "Lehtosen Leipomo Ky"),
    ("Toivo Aaltonen", ["00358 40 012 4394"], None),
    ("Vilja Hakala", [], "Kuusikon Puutarha Oy"),
]
_TOINEN_PERSONS: list[tuple[str, list[str], str | None]] = [
    ("Eero Mäkinen", ["0400124387"], "Toisen Asiakas Oy"),
    ("Aada Korhonen", ["+358400124350"], "Toisen Asiakas Oy"),
    ("Benjam Laine", ["040 012 4351"], None),
    ("Elsa Peltola", ["040-0124352"], "Metsälammen Matkat Oy"),
    ("Hannes Salmi", ["0400 124 353"], None),
    ("Inkeri Niemi", ["+358 40 012 4354"], "Metsälammen Matkat Oy"),
    ("Juhani Ojala", ["0400124355"], None),
    ("Kaisa Turunen", ["040 012 4356"], "Pohjolan Paja Oy"),
    ("Matti Virolainen", ["+358-40-0124357"], "Pohjolan Paja Oy"),
    ("Oona Vainio", ["040 0124358"], None),
]
_ACTIVITY_TYPES = [
    ("Call", "call"),
    ("Meeting", "meeting"),
    ("Task", "task"),
    ("Deadline", "deadline"),
    ("Email", "email"),
]


def demo_companies() -> dict[int, Company]:
    """Build the companies anew, with the same ids each time."""
    next_id = itertools.count(101).__next__
    first = Company(7001, "Esimerkki Oy", "esimerkki", next_id, daily_tokens=60_000)
    aino = first.add_user("Aino Virtanen", "aino@esimerkki.example", admin=True)
    bo = first.add_user("Bo Lindqvist", "bo@esimerkki.example")
    gone = first.add_user("Eino Entinen", "eino@esimerkki.example")
    gone["active_flag"] = False
    _fill(first, _ESIMERKKI_PERSONS, [aino, bo])
    second = Company(7002, "Toinen Oy", "toinen", next_id)
    cecilia = second.add_user("Cecilia Nurmi", "cecilia@toinen.example", admin=True)
    _fill(second, _TOINEN_PERSONS, [cecilia])
    # Last, so that no other number depends on him: he calls but has no account in the portal yet.
    first.add_user("Daniel Koivu", "daniel@esimerkki.example")
    return {company.id: company for company in (first, second)}


def _fill(company: Company, persons: list[tuple[str, list[str], str | None]], owners: list[Json]) -> None:
    for name, key in _ACTIVITY_TYPES:
        company.add_activity_type(name, key, key)
    organizations: dict[str, Json] = {}
    for number, (name, phones, organization) in enumerate(persons):
        owner_id = owners[number % len(owners)]["id"]
        if organization and organization not in organizations:
            organizations[organization] = company.add_organization(organization, owner_id)
        company.add_person(
            {
                "name": name,
                "owner_id": owner_id,
                "org_id": organizations[organization]["id"] if organization else None,
                "phones": contact_values(phones),
            }
        )
    company.add_deal("Kevään tilaus", next(iter(company.persons.values())))


def contact_values(values: list[str], label: str = "work") -> list[Json]:
    """Put bare numbers or addresses into the shape of a person's `phones` and `emails`."""
    return [{"value": value, "primary": place == 0, "label": label} for place, value in enumerate(values)]
