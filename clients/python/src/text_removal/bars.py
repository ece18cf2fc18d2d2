"""A progress bar of a task, for whoever asks for one. Needs tqdm."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from text_removal.progress import Event

OnProgress = Callable[[Event], object]


@contextmanager
def telling(on_progress: OnProgress | None, bar: bool, title: str) -> Iterator[OnProgress]:
    """Who is told of an event: the bar, then the caller."""
    if not bar:
        yield on_progress or (lambda _: None)
        return
    from tqdm import tqdm  # type: ignore[import-untyped]

    with tqdm(total=100, desc=title, unit="%", bar_format="{desc}: {percentage:3.0f}% |{bar}| {postfix}") as shown:

        def tell(event: Event) -> None:
            shown.n = max(shown.n, round(event.overall_progress))
            shown.set_postfix_str(event.message or event.status)
            if on_progress is not None:
                on_progress(event)

        yield tell
