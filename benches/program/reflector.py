"""Answers echo requests after a known time: reflector.py MILLISECONDS, as root in a namespace of its own.

Makes the interface tun9 with 10.123.0.1/24; every other address there answers. It runs before
everything else on the machine (SCHED_FIFO) and spins the last millisecond before an answer. On SIGTERM it
says how late it was: the median and the worst, in milliseconds.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
late = []


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def answer(packet):
    length = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != 1 or packet[length] != 8:
        return None
    body = bytearray(packet[length:])
    body[0:4] = b"\0\0\0\0"
    if len(body) % 2:
        body += b"\0"
    body[2:4] = struct.pack("!H", checksum(bytes(body)))
    # Two addresses that change places leave the header's checksum as it is.
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:length] + bytes(body)


def end(*_):
    late.sort()
    middle, worst = (late[len(late) // 2], late[-1]) if late else (0, 0)
    print(f"{middle * 1e3:.2f} ms late, at worst {worst * 1e3:.2f}", flush=True)
    os._exit(0)


def main():
    delay = float(sys.argv[1]) / 1000
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14s", b"tun9", IFF_TUN | IFF_NO_PI, b""))
    for line in ("addr add 10.123.0.1/24 dev tun9", "link set tun9 up", "link set lo up"):
        subprocess.run(["ip", *line.split()], check=True)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    waiting = []
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            due, packet = waiting.pop(0)
            os.write(tun, packet)
            late.append(time.monotonic() - due)
            now = time.monotonic()
        left = waiting[0][0] - now if waiting else 1
        if select.select([tun], [], [], max(0, left - 0.001))[0]:
            arrived = time.monotonic()
            packet = answer(os.read(tun, 2048))
            if packet:
                waiting.append((arrived + delay, packet))


if __name__ == "__main__":
    main()
