"""`python -m bench.serving`: bytes and documents on their way out, beside nginx's sendfile and olah, in one run.

Each figure is a median over rounds in which everybody takes a turn; what is printed beside it is its ratio to nginx in that run.
"""

import argparse
import re
import selectors
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from huggingface_hub import HfApi, constants

from bench.measure import row
from bench.outlets import ACCEL, FILE, REPO, Outlet, hub, nginx, olah, release, static

Figures = dict[str, tuple[float, float]]  # seconds (or requests a second), and CPU seconds of the server
RANGE = 8 << 20


def curl(url: str, *words: str) -> int:
    """Bytes that came."""
    command = ["curl", "--silent", "--fail", "--location", "--output", "/dev/null", "--write-out", "%{size_download}\n"]
    done = subprocess.run([*command, *words, url], capture_output=True, text=True, check=True)
    return sum(map(int, done.stdout.split()))


def streams(count: int, size: int) -> Callable[[Outlet], None]:
    """So many downloads of the whole at once."""

    def work(outlet: Outlet) -> None:
        with ThreadPoolExecutor(count) as threads:
            assert list(threads.map(curl, [outlet.url] * count)) == [size] * count

    return work


def second_half(size: int) -> Callable[[Outlet], None]:
    def work(outlet: Outlet) -> None:
        assert curl(outlet.url, "--range", f"{size // 2}-") == size - size // 2

    return work


def pieces(size: int) -> Callable[[Outlet], None]:
    """All of it over one connection, a range after the other."""
    one = "silent\nfail\noutput = /dev/null\nrange = {}-{}\nurl = {{url}}\n"
    config = "next\n".join(one.format(at, min(at + RANGE, size) - 1) for at in range(0, size, RANGE))

    def work(outlet: Outlet) -> None:
        subprocess.run(["curl", "--config", "-"], input=config.replace("{url}", outlet.url).encode(), check=True)

    return work


def client(folder: Path) -> Callable[[Outlet], None]:
    """The stock client, to a fresh folder."""

    def work(outlet: Outlet) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            HfApi(endpoint=outlet.address, token=False).hf_hub_download(REPO, FILE, local_dir=place)

    return work


def in_turn(outlets: list[Outlet], work: Callable[[Outlet], None], rounds: int) -> Figures:
    """Medians; the first round warms everybody up."""
    taken: dict[str, list[tuple[float, float]]] = {one.name: [] for one in outlets}
    for count in range(rounds + 1):
        for outlet in outlets[count % len(outlets) :] + outlets[: count % len(outlets)]:
            used, began = outlet.cpu(), time.perf_counter()
            work(outlet)
            spent = time.perf_counter() - began
            if count:
                taken[outlet.name].append((spent, outlet.cpu() - used))
    return {
        name: (statistics.median(a for a, _ in rows), statistics.median(b for _, b in rows))
        for name, rows in taken.items()
    }


def tell(title: str, figures: Figures, gib: float, bar: str) -> None:
    """Rates as ratios to nginx: more is better; CPU as a ratio: less is."""
    print(f"  {title} ({bar})")
    peer, cost = figures["nginx"]
    for name, (spent, cpu) in figures.items():
        dear = f"CPU {cpu / gib:.2f} s/GiB = {cpu / max(cost, 0.01):.2f}"
        row(f"    {name}", f"{spent:.3f} s = {peer / spent:.2f} of nginx", dear)


def requests(outlet: Outlet, seconds: int) -> float:
    """Of its document, as wrk counts them; every answer has to be a good one."""
    command = ["wrk", "-c16", "-t2", f"-d{seconds}s", f"{outlet.address}{outlet.json}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, f"{outlet.name}: {said}"
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])


def heads(outlet: Outlet, seconds: int) -> float:
    """HEADs a second over 16 connections; wrk would wait for the bodies that a HEAD announces."""
    host, _, port = outlet.address.removeprefix("http://").partition(":")
    asked = f"HEAD /{REPO}/resolve/main/{FILE} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    end, count = time.monotonic() + seconds, 0
    with selectors.DefaultSelector() as waiting, ExitStack() as stack:
        for _ in range(16):
            one = stack.enter_context(socket.create_connection((host, int(port))))
            one.sendall(asked)
            waiting.register(one, selectors.EVENT_READ, one)
        while time.monotonic() < end:
            for key, _ in waiting.select():
                said = key.data.recv(1 << 16)
                assert said.startswith(b"HTTP/1.1 200"), f"{outlet.name}: {said[:100]!r}"
                assert said.endswith(b"\r\n\r\n")
                count += 1
                key.data.sendall(asked)
    return count / seconds


def documents(outlets: list[Outlet], seconds: int) -> None:
    for title, work in (("/api/models/...", requests), ("HEAD resolve", heads)):
        asked = [one for one in outlets if one.json or work is heads]
        rates: dict[str, list[float]] = {one.name: [] for one in asked}
        for _ in range(3):
            for outlet in asked:
                rates[outlet.name].append(work(outlet, seconds))
        print(f"  {title}, requests a second over 16 connections (bar 50 times olah)")
        middle = {name: statistics.median(found) for name, found in rates.items()}
        for name, rate in middle.items():
            row(f"    {name}", f"{rate:,.0f}", f"{rate / middle['olah']:.0f} times olah" if middle.get("olah") else "")


def open_all(stack: ExitStack, folder: Path, size: int) -> list[Outlet]:
    """nginx first: everybody is measured beside it."""
    office = release(folder, size)
    ours = hub(stack, office)
    peers = [nginx(stack, folder / "nginx", "nginx", static(ours, office)), ours]
    text = (office / "office.toml").read_text()
    (office / "office.toml").write_text('downloads = "x-accel"\n' + text)
    behind = hub(stack, office, "behind")
    (office / "office.toml").write_text(text)
    locations = ACCEL.format(blobs=office / "blobs")
    front = nginx(stack, folder / "front", "brightline behind nginx", locations, behind.address.removeprefix("http://"))
    peers.append(Outlet(front.name, front.address, front.process))
    try:
        peers.append(olah(stack, folder / "olah", ours))
    except (OSError, RuntimeError, subprocess.SubprocessError) as trouble:
        print(f"  olah: cannot be had here, not measured ({trouble})")
    return peers


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mib", type=int, default=1024, help="of the file")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--seconds", type=int, default=3, help="of each run of wrk")
    arguments.add_argument("--only", nargs="+", choices=["streams", "ranges", "client", "documents"])
    chosen = arguments.parse_args()
    size, gib = chosen.mib << 20, chosen.mib / 1024
    constants.HF_HUB_DISABLE_XET = True
    constants.HF_HUB_DISABLE_PROGRESS_BARS = True
    parts = chosen.only or ["streams", "ranges", "client", "documents"]
    with tempfile.TemporaryDirectory(prefix="brightline-bench-") as place, ExitStack() as stack:
        folder = Path(place)
        peers = open_all(stack, folder, size)
        print(f"brightline serving: {chosen.mib} MiB in the page cache, medians of {chosen.rounds} rounds in turn")
        bars = "bars: 0.9 of nginx, 3 times olah, CPU 1.5"
        works: list[tuple[str, str, list[Outlet], Callable[[Outlet], None], float, str]] = [
            ("streams", "one stream", peers, streams(1, size), gib, bars),
            ("streams", "four streams", peers, streams(4, size), gib * 4, bars),
            ("ranges", "a range: the second half", peers, second_half(size), gib / 2, "bar 0.8 of nginx"),
            ("ranges", f"ranges of {RANGE >> 20} MiB, one connection", peers, pieces(size), gib, "bar 0.8 of nginx"),
            ("client", "hf_hub_download", peers[:2], client(folder), gib, "bar 1/1.1 = 0.91 of nginx"),
        ]
        for part, title, those, work, amount, bar in works:
            if part in parts:
                tell(title, in_turn(those, work, chosen.rounds), amount, bar)
        if "documents" in parts:
            documents(peers, chosen.seconds)


if __name__ == "__main__":
    main()
