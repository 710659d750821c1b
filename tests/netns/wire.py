"""A cable in user space: passes Ethernet frames between two interfaces, each later than it came.

Usage: wire.py NEAR FAR CONTROL. The file CONTROL holds two numbers, the delay each way and the most
that one frame in three is later, in milliseconds, and perhaps a word: with "twice" every echo reply
of IPv4 is sent twice, with "hundred" a hundred times, with "swap" each pair of them changes places. It is read again whenever it
changes, and what was read is written to CONTROL.read. Frames keep the checksum that the sender left
to the hardware (PACKET_VNET_HDR). Else frames never overtake.
"""

import heapq
import os
import random
import select
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 263, 15, 1, 1
ETH_P_ALL, PACKET_OUTGOING = 3, 4
COPIES = {"twice": 2, "hundred": 100}


def tapped(name):
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    one.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    one.bind((name, 0))
    index = socket.if_nametoindex(name)
    request = struct.pack("iHH8s", index, PACKET_MR_PROMISC, 0, b"")
    one.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, request)
    return one


def wanted(path):
    try:
        with open(path, encoding="ascii") as file:
            text = file.read()
        delay, jitter, *trouble = text.split()
        return text, float(delay) / 1000, float(jitter) / 1000, "".join(trouble)
    except (OSError, ValueError):
        return None


def is_echo_reply(frame):
    """Behind ten bytes of PACKET_VNET_HDR: Ethernet, IPv4, ICMP type 0."""
    if frame[22:24] != b"\x08\x00" or frame[33:34] != b"\x01":
        return False
    return frame[24 + (frame[24] & 15) * 4 :][:1] == b"\x00"


def main():
    near, far = tapped(sys.argv[1]), tapped(sys.argv[2])
    other = {near: far, far: near}
    waiting, count, chance = [], 0, random.Random(904)
    delay = jitter = 0.0
    last = {near: 0.0, far: 0.0}
    looked, told, trouble, held = 0.0, None, "", None
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        if now - looked > 0.05:
            looked = now
            found = wanted(sys.argv[3])
            if found and found[0] != told:
                told, delay, jitter, trouble = found
                with open(sys.argv[3] + ".new", "w", encoding="ascii") as file:
                    file.write(told)
                os.rename(sys.argv[3] + ".new", sys.argv[3] + ".read")
        while waiting and waiting[0][0] <= now:
            _, _, out, frame = heapq.heappop(waiting)
            try:
                out.send(frame)
            except OSError:
                pass
        pause = min(0.05, max(0.0, waiting[0][0] - now)) if waiting else 0.05
        for one in select.select([near, far], [], [], pause)[0]:
            frame, address = one.recvfrom(70000)
            if address[2] == PACKET_OUTGOING:
                continue
            out = other[one]
            late = jitter * chance.random() if chance.random() < 1 / 3 else 0.0
            due = time.monotonic() + delay + late
            last[out] = due = max(due, last[out])
            frames = [frame]
            if trouble and is_echo_reply(frame):
                if trouble in COPIES:
                    frames = [frame] * COPIES[trouble]
                elif held is None:
                    held, frames = frame, []
                else:
                    held, frames = None, [frame, held]
            for each in frames:
                count += 1
                heapq.heappush(waiting, (due, count, out, each))


if __name__ == "__main__":
    os.nice(-5)
    main()
