"""Tickets: an EventSource and a browser's WebSocket cannot send headers, and a key has no place in an address."""

import time

from fastapi import APIRouter, Request, Response

from deployments.api.key_ring import TICKET_S, KeyRing
from deployments.api.replies import json_response
from deployments.api.schema.openapi import errors, json_answer
from deployments.api.schema.responses import TicketAnswer


def ticket_routes(keys: KeyRing) -> APIRouter:
    router = APIRouter(tags=["tasks"], default_response_class=Response)

    @router.post("/tickets", responses=json_answer(TicketAnswer, "A ticket.") | errors(401))
    async def make_a_ticket(request: Request) -> Response:
        """For `?ticket=` of a GET or a WebSocket, in place of the key; empty where the service asks for no key."""
        client = request.scope.get("state", {}).get("client")
        ticket = "" if client is None else keys.ticket(client, time.time())
        return json_response(TicketAnswer(ticket=ticket, expires_in=TICKET_S))

    return router
