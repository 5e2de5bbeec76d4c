"""Uploads in parts that can be taken up again, and the operator's samples."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from starlette.concurrency import run_in_threadpool

from flatbed_web import files, models
from flatbed_web.problems import Refusal
from flatbed_web.state import Shared, Visitor

router = APIRouter(tags=["files"])
UploadId = Annotated[models.Id, Path()]
PART = 1 << 20


@router.get("/samples")
def list_samples(state: Shared, session: Visitor) -> list[models.SampleFile]:
    return state.samples.list()


@router.get("/uploads")
def list_uploads(session: Visitor) -> list[models.Upload]:
    return [upload.shown() for upload in session.uploads.values()]


@router.post("/uploads", status_code=201)
def announce_upload(state: Shared, session: Visitor, body: models.UploadRequest) -> models.Upload:
    """Announces a file; its bytes come by PATCH."""
    if body.size > state.settings.upload_limit:
        raise Refusal(
            413,
            "FB-WEB-0203",
            f"the file has {body.size} bytes, and the app takes {state.settings.upload_limit}",
            hint="take the command `flatbed copy` for it, or ask the operator",
        )
    state.disk.room_for(body.size, state.sessions.promised())
    path = state.disk.new_path("uploads", files.ending_of(body.name))
    path.touch(mode=0o600)
    upload = files.Upload(body.name, body.size, path)
    session.uploads[upload.id] = upload
    return upload.shown()


@router.get("/uploads/{id}")
def get_upload(session: Visitor, id: UploadId) -> models.Upload:
    return session.upload(id).shown()


@router.delete("/uploads/{id}", status_code=204)
def delete_upload(session: Visitor, id: UploadId) -> None:
    session.upload(id).path.unlink(missing_ok=True)
    del session.uploads[id]


@router.patch(
    "/uploads/{id}",
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
)
async def continue_upload(
    session: Visitor, id: UploadId, request: Request, upload_offset: Annotated[int, Header(ge=0)]
) -> models.Upload:
    """Adds the bytes that stand at `Upload-Offset`. After a broken connection: GET tells where to go on."""
    upload = session.upload(id)
    if upload.busy or upload_offset != upload.offset:
        raise Refusal(
            409,
            "FB-WEB-0204",
            "another part is arriving" if upload.busy else f"the next part starts at byte {upload.offset}",
            hint="ask for the upload, and go on at its offset",
        )
    upload.busy = True
    try:
        await _take(upload, request)
    finally:
        upload.busy = False
    return upload.shown()


async def _take(upload: files.Upload, request: Request) -> None:
    with upload.path.open("ab") as file:
        waiting = bytearray()

        async def write() -> None:
            await run_in_threadpool(file.write, bytes(waiting))
            upload.offset += len(waiting)
            waiting.clear()

        try:
            async for chunk in request.stream():
                if upload.offset + len(waiting) + len(chunk) > upload.size:
                    raise Refusal(413, "FB-WEB-0205", f"more bytes than the {upload.size} announced")
                waiting += chunk
                if len(waiting) >= PART:
                    await write()
        finally:  # what has arrived before a connection broke is kept
            await write()
