"""Milliseconds of a signed round trip by bittensor's dendrite and axon, beside aiohttp alone (bench/wire.ts).

    python bittensor_peer.py ROUNDS BYTES FOLDER

The axon verifies each request's signature, as it does by default, and answers BYTES bytes as base64: a synapse is JSON.
Both are in this process, as they are in bench/wire.ts. Prints a line of JSON: p50 and p99 of both, in milliseconds.
"""
import asyncio
import base64
import json
import os
import socket
import sys
import time

rounds, size, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ["HOME"] = folder

import bittensor
from aiohttp import ClientSession, web
from bittensor.utils import networking

# It would ask the internet.
networking.get_external_ip = lambda: "127.0.0.1"
PAYLOAD = base64.b64encode(os.urandom(size)).decode()


class Video(bittensor.Synapse):
    query: str = "x" * 400
    frames: str = ""


def forward(synapse: Video) -> Video:
    synapse.frames = PAYLOAD
    return synapse


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wallet(name):
    made = bittensor.Wallet(name=name, hotkey="default", path=os.path.join(folder, "wallets"))
    made.create_if_non_existent(coldkey_use_password=False, hotkey_use_password=False)
    return made


async def listening(port):
    """It starts in a thread of its own."""
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.05)
    raise RuntimeError("the axon does not listen")


async def timed(run):
    began = time.perf_counter()
    await run()
    return 1000 * (time.perf_counter() - began)


def at(samples, share):
    return sorted(samples)[min(len(samples) - 1, int(share * len(samples)))]


async def main():
    port = free_port()
    axon = bittensor.Axon(wallet=wallet("prover"), port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port)
    axon.attach(forward_fn=forward)
    axon.start()
    await listening(port)
    app, echo_port = web.Application(), free_port()

    async def echo(request):
        await request.read()
        return web.Response(text=PAYLOAD)

    app.router.add_post("/", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", echo_port).start()
    signed, bare = [], []
    async with bittensor.Dendrite(wallet=wallet("verifier")) as dendrite, ClientSession() as session:

        async def ask():
            answer = await dendrite.call(axon.info(), Video(), timeout=30, deserialize=False)
            assert answer.frames == PAYLOAD, answer.dendrite.status_message

        async def exchange():
            async with session.post(f"http://127.0.0.1:{echo_port}/", data="x" * 400) as answer:
                assert len(await answer.text()) == len(PAYLOAD)

        # The first ones warm both up.
        for i in range(-10, rounds):
            pair = await timed(ask), await timed(exchange)
            if i >= 0:
                signed.append(pair[0])
                bare.append(pair[1])
    figures = {"signed_p50": at(signed, 0.5), "signed_p99": at(signed, 0.99), "bare_p50": at(bare, 0.5), "bare_p99": at(bare, 0.99)}
    print(json.dumps({"version": bittensor.__version__, **figures}), flush=True)
    # Its server's thread would keep the process.
    os._exit(0)


asyncio.run(main())
