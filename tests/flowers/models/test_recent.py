"""A repeated photo costs no second pass; another one, or another classifier, does."""

from dataclasses import dataclass, field

import numpy as np

from flowers.models.recent import RecentPredictions


@dataclass(eq=False)
class Counting:
    """Stands in for a classifier: what counts here is when it is asked."""

    asked: list[int] = field(default_factory=list)

    def predict(self, photo):
        self.asked.append(int(photo[0, 0, 0]))
        return {"transfer": f"answer {photo[0, 0, 0]}"}


def photo(value):
    return np.full((4, 4, 3), value, np.uint8)


def test_a_repeated_photo_is_read_once():
    recent, classifier, other = RecentPredictions(), Counting(), Counting()
    assert recent.predict(classifier, photo(1)) == {"transfer": "answer 1"}
    assert recent.predict(classifier, photo(1)) == {"transfer": "answer 1"}
    assert recent.predict(other, photo(1)) == {"transfer": "answer 1"}
    assert recent.predict(classifier, photo(2)) == {"transfer": "answer 2"}
    assert (classifier.asked, other.asked) == ([1, 2], [1])


def test_only_the_last_photos_are_kept():
    recent, classifier = RecentPredictions(size=2), Counting()
    for value in (1, 2, 1, 3, 1, 2):  # 2 was asked for longest ago when 3 came.
        recent.predict(classifier, photo(value))
    assert classifier.asked == [1, 2, 3, 2]
