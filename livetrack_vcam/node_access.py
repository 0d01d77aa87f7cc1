"""Whether this user may open a device node, and what lets them."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import grp
    import pwd


@dataclass(frozen=True, slots=True)
class NodeAccess:
    """`group` is the node's, and `group_may_write` says whether it really may; `in_group`: this
    session has the joinable group, `joined_group`: the account has it, so that the next session
    will. None: not known."""

    path: str
    group: str = "video"
    group_may_write: bool | None = None
    in_group: bool | None = None
    joined_group: bool | None = None


def permission_advice(path: Path) -> str:
    """The same in one sentence, for whoever was refused just now."""
    advice, commands = way_in(gather_access(path))
    return f"{advice}: {' && '.join(commands)}" if commands else advice


def gather_access(path: Path) -> NodeAccess:
    """Of a node that is there; of others what is usual."""
    group = _group(path)
    may_write = _group_may_write(path)
    joined = joinable(group)
    return NodeAccess(str(path), group, may_write, _in_group(joined), _joined_group(joined))


def way_in(
    access: NodeAccess, contained: bool = False, groups_apart: bool = False
) -> tuple[str, tuple[str, ...]]:
    """What opens the node to this user: advice, and the commands it leads over to.

    `contained`: this is a container; `groups_apart`: the system's own groups are not in /etc/group.
    """
    if contained:
        return f"start the container with --group-add {access.group}", ()
    group = joinable(access.group)
    join = f"sudo usermod -aG {group} $USER"
    if group != access.group or access.group_may_write is False or access.in_group:
        open_up = f"sudo chgrp {group} {access.path} && sudo chmod g+rw {access.path}"
        advice = f"it is closed even to its group; give it to the group {group}"
        if access.joined_group:
            return advice, (open_up,)
        return f"{advice}, join that, then log out and in again", (open_up, join)
    if access.joined_group:
        advice = f"your account has the group {group} already, but this session is older: log out "
        return advice + "and in again (or restart the computer)", ()
    advice = f"join the group {group}, then log out and in again"
    if groups_apart:
        copy = f"getent group {group} | sudo tee -a /etc/group"
        return f"{advice}; this system keeps groups apart, so copy it first", (copy, join)
    return advice, (join,)


def joinable(group: str) -> str:
    """The group that a user may be given for cameras: that of the device, but never root's."""
    return "video" if group == "root" else group


def _group(path: Path) -> str:
    try:
        return path.group()
    except (OSError, KeyError, NotImplementedError):
        return "video"


def _group_may_write(path: Path) -> bool | None:
    try:
        return bool(path.stat().st_mode & stat.S_IWGRP)
    except OSError:
        return None


def _in_group(group: str) -> bool | None:
    """Whether this process has the group: the session's, as it was at its start."""
    if sys.platform == "win32":
        return None
    try:
        return grp.getgrnam(group).gr_gid in {os.getegid(), *os.getgroups()}
    except KeyError:
        return None


def _joined_group(group: str) -> bool | None:
    """Whether the account has the group, which counts from the next session on."""
    if sys.platform == "win32":
        return None
    try:
        entry, user = grp.getgrnam(group), pwd.getpwuid(os.getuid())
    except KeyError:
        return None
    return user.pw_name in entry.gr_mem or user.pw_gid == entry.gr_gid
