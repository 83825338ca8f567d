"""Keeps, on the machine where the command was given, what the tasks of `fit` have reached."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import ray

from flowers.files import write_bytes, write_text
from train.network.progress import PROGRESS, Progress
from train.work import GRAPH_WEIGHTS, WORK, seed_folder


@dataclass(frozen=True)
class TaskState:
    """How far one task is."""

    node: str
    attempt: int
    doing: str = "features"
    epochs: int = 0
    """Done, of all variants."""
    accuracy: float | None = None
    """On validation photos, the best of the variant that was trained last."""
    lines: tuple[str, ...] = field(default=())
    """What to tell people, in order."""


class Keeper:
    """Writes checkpoints to where a local run has them, below `.work`.

    So they outlive any other node and this run. A task waits until its epoch lies on this disk.
    """

    def __init__(self, out: Path, first_seed: int) -> None:
        self._out, self._first_seed = out, first_seed
        self._states: dict[tuple[str, int], TaskState] = {}

    def begin(self, backbone: str, number: int, node: str) -> tuple[int, dict[str, bytes]]:
        """Note a new attempt; return its number, and the files to go on from."""
        key = backbone, number
        before = self._states.get(key)
        attempt = before.attempt + 1 if before else 0
        folder = self._folder(backbone, number)
        files, epochs = {}, 0
        for note in sorted(folder.glob(f"*/{PROGRESS}")):
            progress = Progress.load(note.parent)
            if progress.curves:
                for path in (note, *progress.kept_weights(note.parent)):
                    files[path.relative_to(folder).as_posix()] = path.read_bytes()
                epochs += len(progress.curves)
        lines = before.lines if before else ()
        if before or epochs:
            lines += (f"goes on after {epochs} epochs" + (f" on {node}" if before else ""),)
        self._states[key] = TaskState(node, attempt, epochs=epochs, lines=lines)
        return attempt, files

    def keep(
        self,
        backbone: str,
        number: int,
        attempt: int,
        variant: str,
        weights: dict[str, bytes],
        progress: str,
    ) -> None:
        """Keep what a variant has reached; weights by file name, those that are new.

        Raises RuntimeError for an attempt that was given up and is still at work.
        """
        state = self._current(backbone, number, attempt)
        folder = self._folder(backbone, number) / variant
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in weights.items():
            write_bytes(folder / name, content)
        # It alone says what counts, so it comes after what it names.
        write_text(folder / PROGRESS, progress)
        found = Progress.load(folder)
        found.remove_other_weights(folder)
        every = [Progress.load(path.parent) for path in folder.parent.glob(f"*/{PROGRESS}")]
        lines = state.lines
        if found.test_accuracy is not None:
            lines += (
                f"{variant} accuracy {found.best_accuracy:.1%} on validation photos, "
                f"{found.test_accuracy:.1%} on test photos",
            )
        self._states[backbone, number] = replace(
            state,
            doing=variant,
            epochs=sum(len(one.curves) for one in every),
            accuracy=found.best_accuracy,
            lines=lines,
        )

    def keep_graph(self, backbone: str, number: int, attempt: int, weights: bytes) -> None:
        """Keep the weights of the graph that is served."""
        self._current(backbone, number, attempt)
        write_bytes(self._out / WORK / backbone / GRAPH_WEIGHTS, weights)

    def states(self) -> dict[tuple[str, int], TaskState]:
        """Backbone and number of the seed -> how far it is."""
        return self._states

    def _folder(self, backbone: str, number: int) -> Path:
        return seed_folder(self._out / WORK / backbone, self._first_seed, number)

    def _current(self, backbone: str, number: int, attempt: int) -> TaskState:
        state = self._states[backbone, number]
        if state.attempt != attempt:
            raise RuntimeError(f"Attempt {attempt} at {backbone}, {number} was given up.")
        return state


KeeperActor = ray.remote(num_cpus=0)(Keeper)
