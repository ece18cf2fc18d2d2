"""A task with progress, cancelled by Ctrl-C: python task.py IN OUT"""

import sys

from text_removal import Client, Event


def tell(event: Event) -> None:
    print(f"{event.overall_progress:3.0f} % {event.message or event.status}", flush=True)


with Client() as client:
    task = client.submit(sys.argv[1], output_format="same")
    try:
        task.wait(tell)  # a dropped connection, or a restart of the service, is not noticed
        task.result().save(sys.argv[2])
    except KeyboardInterrupt:
        task.cancel()
        sys.exit("cancelled")
