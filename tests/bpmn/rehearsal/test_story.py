"""Made-up decisions (issue 4): drawn from the seed and the number alone, with every kind of trouble among them."""

from collections import Counter

from bpmn.rehearsal.story import story_of
from ledger.vocabulary import Category, Operation


def test_the_same_seed_and_number_tell_the_same_story() -> None:
    assert story_of(7, "P1") == story_of(7, "P1")
    assert story_of(7, "P1").lag("receive", 0) == story_of(7, "P1").lag("receive", 0)
    assert [story_of(7, f"P{n}") for n in range(20)] != [story_of(8, f"P{n}") for n in range(20)]


def test_a_county_meets_every_class_and_every_trouble() -> None:
    stories = [story_of(7, f"P{n}") for n in range(1086)]
    classes = Counter(story.category for story in stories)
    assert set(classes) == set(Category)
    assert min(classes.values()) > 60
    assert {story.exit_at for story in stories} == {None, "party_meeting", "disposal"}
    assert {story.unreached for story in stories} == {0, 1, 2}
    upheld = {each for story in stories for period in story.objections for each in period}
    assert upheld == {True, False}
    for trouble in ("write_off", "withdrawn", "late_reviewer", "unsigned", "sent_back", "exit_refused"):
        assert {getattr(story, trouble) for story in stories} == {True, False}
    returned = set().union(*(story.returned_at for story in stories))
    assert {"receive", "decision", "acceptance_check", "filing"} <= returned


def test_causes_are_named_where_something_is_wrong() -> None:
    for story in (story_of(7, f"P{n}") for n in range(200)):
        assert bool(story.causes) == (story.operation is not Operation.NORMAL)
