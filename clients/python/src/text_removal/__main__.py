"""`text-removal`, and `python -m text_removal`."""

import sys

EXTRA = "the command line needs more: pip install 'text-removal-client[cli]'"


def main() -> None:
    try:
        from text_removal.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich", "PIL"):
            raise
        print(f"{EXTRA} ({error.name} is missing)", file=sys.stderr)
        sys.exit(2)
    app()


if __name__ == "__main__":
    main()
