"""What an authenticator app shows, and sessions that have passed the second step with one."""

import base64
import hashlib
import hmac
import struct
import time

from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.encryption import encrypt
from accounts.models import User
from accounts.second_step import remember_second_step

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def pass_second_step(client: Client, user: User) -> None:
    """Have a logged-in browser be one that passed the second step; who has no authenticator gets one."""
    authenticator, _is_new = Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": encrypt(SECRET)}}
    )
    session = client.session
    remember_second_step(session, authenticator)
    session.save()
