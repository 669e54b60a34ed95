"""Where servers listen, and who may reach them without a key."""

import ipaddress
import socket

from footfall.errors import SettingInvalid

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server there.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_open(host: str, *, with_keys: bool) -> None:
    """See that nobody else reaches a server that asks for no keys.

    Raises:
        SettingInvalid: it would listen to other machines.
    """
    if not with_keys and not is_loopback(host):
        raise SettingInvalid(
            f"--no-keys is for this machine only, and {host} is reached from others; leave --no-keys out and make keys "
            "with `footfall keys create NAME --role ROLE`, or listen on 127.0.0.1"
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        SettingInvalid: the port is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SettingInvalid(
            f"cannot listen on {host} port {port} ({error.strerror or error}); choose another with --port"
        ) from error
    listening.listen(2048)
    return listening


def url_of(listening: socket.socket) -> str:
    """Where it is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
