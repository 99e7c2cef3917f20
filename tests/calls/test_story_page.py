"""The story as the call's page, the JSON API and the admin tell it."""

from typing import Any

from accounts.models import User
from tests.calls.mishaps import (
    SHARED,
    Stage,
    blocked_number,
    confirming,
    no_contact,
    queued,
    rule,
    several_contacts,
)
from tests.calls.pressing import buttons_of, outcome_of, page_of, press, text_of
from tests.calls.steps import due_now, log


class TestTold:
    """The timeline of the page, in words."""

    def test_a_logged_call_from_the_event_to_the_answer(self, stage: Stage) -> None:
        story = story_on(page_of(stage.bos_browser, log(stage.place())))
        told = [
            "Mustalinja told us that the call had ended.",
            "It is an incoming call that was answered and lasted 2 min 52 s.",
            "No rule speaks against logging it.",
            "The number is not blocked.",
            "It is bo@esimerkki.example's call",
            "The user has a valid license.",
            "We looked for 040 012 4387 among the numbers of all contacts",
            "+358400124387 358400124387 00358400124387 0400124387",
            "The number belongs to Eero Mäkinen.",
            "The activity was sent to Pipedrive.",
            "Pipedrive created the activity.",
        ]
        places = [story.find(each) for each in told]
        assert -1 not in places, told[places.index(-1)]
        assert places == sorted(places)

    def test_of_several_why_this_one(self, stage: Stage) -> None:
        call = log(stage.place(from_=SHARED))
        assert f"2 contacts have this number; {call.person_name}" in story_on(page_of(stage.bos_browser, call))

    def test_a_rule_that_stops_a_call_is_named_and_those_after_it_are_not(self, stage: Stage) -> None:
        story = story_on(page_of(stage.bos_browser, blocked_number(stage)))
        assert "Your company has blocked the number." in story
        assert "The number is not a colleague's." in story
        assert "calls of this kind" not in story

    def test_repeats_are_counted_and_who_asked_is_named(self, stage: Stage) -> None:
        call = no_contact(stage)
        for _time in range(2):
            press(stage.ainos_browser, buttons_of(page_of(stage.ainos_browser, call))["Look for it again"])
            call = log(call)
        story = story_on(page_of(stage.bos_browser, call))
        assert "aino@esimerkki.example had the call tried again. 2 times" in story
        assert "no contact with this number. 3 times" in story

    def test_a_call_that_is_looked_for_says_so(self, stage: Stage) -> None:
        call = log(due_now(confirming(stage)))
        story = story_on(page_of(stage.bos_browser, call))
        assert "Pipedrive gave no clear answer." in story
        assert "We looked for the activity in Pipedrive, and it is there." in story

    def test_calls_from_before_there_were_stories_have_an_end_too(self, stage: Stage) -> None:
        call = log(stage.place())
        call.steps.all().delete()
        assert "The call is logged to Pipedrive." in story_on(page_of(stage.bos_browser, call))

    def test_the_words_of_a_later_version_do_not_break_it(self, stage: Stage) -> None:
        call = log(stage.place())
        call.steps.update(reason="of_a_later_version")
        assert "Mustalinja told us" in story_on(page_of(stage.bos_browser, call))


def story_on(html: str) -> str:
    return text_of(html.partition('id="story"')[2].partition("</section>")[0])


class TestElsewhere:
    def test_the_json_of_one_call_tells_the_same(self, stage: Stage) -> None:
        call = blocked_number(stage)
        told = stage.bos_browser.get(f"/api/v1/calls/{call.reference}/", headers={"accept-language": "en"}).json()
        assert told["support_code"] == call.support_code
        stopped = next(step for step in told["steps"] if step["details"])
        assert (stopped["text"], stopped["state"]) == ("A rule says that this call is not logged.", "skipped")
        assert stopped["details"][-1] == "Your company has blocked the number."
        assert stopped["at"].endswith("Z")
        assert "steps" not in stage.bos_browser.get("/api/v1/calls/").json()["results"][0]

    def test_support_finds_the_call_by_its_code_and_reads_the_story(self, stage: Stage, staff: User) -> None:
        call, other = blocked_number(stage), stage.place()
        browser = stage.browser_of(staff)
        found = browser.get("/admin/calls/call/", {"q": call.support_code.lower()}).content.decode()
        assert call.reference in found
        assert other.reference not in found
        page = browser.get(f"/admin/calls/call/{call.pk}/change/", headers={"accept-language": "en"})
        assert "Mustalinja told us that the call had ended." in page.content.decode()


class TestLive:
    def test_the_page_of_a_call_on_its_way_looks_for_news_and_stops_when_it_is_there(self, stage: Stage) -> None:
        call = stage.place()
        page = outcome_of(page_of(stage.bos_browser, call))
        assert 'hx-trigger="every 2s"' in page
        url = page.partition('hx-get="')[2].partition('"')[0]
        assert stage.bos_browser.get(url).status_code == 204
        log(call)
        news = stage.bos_browser.get(url)
        assert news.status_code == 200
        assert "hx-get" not in outcome_of(news.content.decode())

    def test_one_that_goes_on_later_is_looked_at_less_often(self, stage: Stage) -> None:
        assert 'hx-trigger="every 15s"' in page_of(stage.bos_browser, queued(stage))


def test_the_page_takes_few_queries(stage: Stage, django_assert_max_num_queries: Any) -> None:
    calls, browser = [several_contacts(stage), no_contact(stage), rule(stage)], stage.bos_browser
    for call in calls:
        with django_assert_max_num_queries(12):
            page_of(browser, call)
