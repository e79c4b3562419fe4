"""A session that ends takes its sockets with it, in a running service."""

import asyncio

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from marketplace.accounts.states import Role
from tests.factories import bearer, signed_in

PATIENCE = 30


async def closed_with(socket):
    """(code, reason) of the close, whatever is said before."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return closed.rcvd.code, closed.rcvd.reason


@pytest.mark.parametrize("how", ["ban", "logout"])
async def test_the_sockets_of_an_ended_session_close_and_others_stay(server, how):
    (user, headers), (_, as_staff) = await signed_in(), await signed_in(Role.MODERATOR)
    other = await bearer(user.id)
    url = f"{server.url.replace('http', 'ws')}/ws/notifications/{user.id}/"
    async with (
        connect(url, additional_headers=headers) as socket,
        connect(url, additional_headers=other) as elsewhere,
        httpx.AsyncClient(base_url=f"{server.url}/api/v1") as http,
    ):
        if how == "ban":
            answer = await http.post(
                f"/admin/users/{user.id}/ban/", json={"reason": "sells counterfeits"}, headers=as_staff
            )
            assert answer.status_code == 200, answer.text
            assert (await closed_with(elsewhere))[1] == "banned"
        else:
            answer = await http.post("/auth/logout/", headers=headers)
            assert answer.status_code == 200, answer.text
            pong = await elsewhere.ping()
            await asyncio.wait_for(pong, PATIENCE)
        _, reason = await closed_with(socket)
        assert reason == ("banned" if how == "ban" else "logged_out")
        assert (await http.get("/auth/sessions/", headers=headers)).status_code in (401, 403)
