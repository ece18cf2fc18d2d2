"""Client of the text removal service.

    from text_removal import Client

    with Client() as client:
        client.remove_text("poster.jpg").save("clean.jpg")

`AsyncClient` is the same with `await`. The command line is `text-removal`.
"""

from text_removal._async.client import AsyncClient as AsyncClient
from text_removal._async.task import AsyncTask as AsyncTask
from text_removal._sync.client import Client as Client
from text_removal._sync.task import Task as Task
from text_removal.callbacks import Callback as Callback
from text_removal.callbacks import verify_callback as verify_callback
from text_removal.convert import from_coco as from_coco
from text_removal.convert import from_easyocr as from_easyocr
from text_removal.convert import from_labelme as from_labelme
from text_removal.convert import from_paddleocr as from_paddleocr
from text_removal.convert import from_rapidocr as from_rapidocr
from text_removal.errors import *  # noqa: F403
from text_removal.images import ImageLike as ImageLike
from text_removal.progress import Event as Event
from text_removal.progress import TaskCounts as TaskCounts
from text_removal.progress import TaskStatus as TaskStatus
from text_removal.regions import Region as Region
from text_removal.regions import RegionLike as RegionLike
from text_removal.results import Detection as Detection
from text_removal.results import Result as Result
from text_removal.retrying import Patience as Patience
from text_removal.service import Health as Health
from text_removal.service import Info as Info
from text_removal.service import Model as Model
from text_removal.service import Models as Models

__version__ = "1.0.0"
