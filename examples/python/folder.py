"""A folder, several pictures at once, bad ones reported: python folder.py IN-FOLDER OUT-FOLDER

`text-removal remove IN-FOLDER -o OUT-FOLDER --resume` does more; this shows how little it takes.
"""

import asyncio
import sys
from pathlib import Path

from text_removal import AsyncClient, TextRemovalError

AT_ONCE = 4


async def erase_all(waiting: list[Path], target: Path) -> int:
    """How many failed."""
    failed = 0

    async def work(client: AsyncClient) -> None:
        nonlocal failed
        while waiting:
            path = waiting.pop()
            try:
                result = await client.remove_text(path, output_format="same")
                result.save(target / path.name)
            except TextRemovalError as error:
                failed += 1
                print(f"{path.name}: {error}", file=sys.stderr)

    async with AsyncClient() as client:
        await asyncio.gather(*(work(client) for _ in range(AT_ONCE)))
    return failed


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    pictures = [path for path in sorted(source.iterdir()) if path.is_file() and not (target / path.name).exists()]
    sys.exit(1 if asyncio.run(erase_all(pictures, target)) else 0)
