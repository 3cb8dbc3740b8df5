"""Signs requests with a foreign implementation of RFC 9421 and sends them to a running gateway.

Reads a JSON object from standard input, made by the test that starts the gateway:

    origin, ca, certificate, key    where to connect, and as which device (PEM files)
    signature_key, algorithm        the device's private signature key (PEM), its RFC 9421 name
    key_id, authorization           who signs, and the session's token
    method, path, function, body    what to call

Prints a JSON object: the status of the honest request, and of each tampered one.
"""

import base64
import hashlib
import json
import secrets
import sys
import datetime

import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

ALGORITHMS = {
    "ed25519": algorithms.ED25519,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
}
COVERED = ("@method", "@target-uri", "content-digest", "authorization", "x-function-no")


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, pem):
        self.private_key = load_pem_private_key(pem.encode(), password=None)

    def resolve_private_key(self, key_id):
        return self.private_key

    def resolve_public_key(self, key_id):
        return self.private_key.public_key()


def signed(task, **changes):
    """A request, signed by the foreign implementation, ready to be sent or tampered with."""
    task = {**task, **changes}
    body = task["body"].encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    request = requests.Request(
        task["method"],
        task["origin"] + task["path"],
        data=body or None,
        headers={
            "Content-Digest": f"sha-256=:{digest}:",
            "Authorization": task["authorization"],
            "X-Function-No": task["function"],
            **({"Content-Type": "application/json"} if body else {}),
        },
    ).prepare()
    signer = HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[task["algorithm"]],
        key_resolver=Keys(task["signature_key"]),
    )
    now = datetime.datetime.now()
    signer.sign(
        request,
        key_id=task["key_id"],
        created=now,
        expires=now + datetime.timedelta(seconds=task.get("window_s", 60)),
        nonce=secrets.token_urlsafe(16),
        label="foreign",
        tag="hefu",
        include_alg=True,
        covered_component_ids=task.get("covered", COVERED),
        use_existing_digest=True,
    )
    return request


def main():
    task = json.load(sys.stdin)
    session = requests.Session()
    session.verify = task["ca"]
    session.cert = (task["certificate"], task["key"])

    def status(request):
        return session.send(request, timeout=20).status_code

    honest = signed(task)
    result = {"honest": status(honest), "replayed": status(honest)}

    other_function = signed(task)
    other_function.headers["X-Function-No"] = "ZZ9999"
    result["function_changed"] = status(other_function)

    other_url = signed(task)
    other_url.url += "&a=b" if "?" in other_url.url else "?a=b"
    result["url_changed"] = status(other_url)

    other_token = signed(task)
    other_token.headers["Authorization"] = "Hefu " + "A" * 43
    result["token_changed"] = status(other_token)

    other_signature = signed(task)
    name, value = other_signature.headers["Signature"].split("=:", 1)
    raw = bytearray(base64.b64decode(value.rstrip(":")))
    raw[0] ^= 1
    other_signature.headers["Signature"] = f"{name}=:{base64.b64encode(raw).decode()}:"
    result["signature_changed"] = status(other_signature)

    result["fewer_components"] = status(signed(task, covered=COVERED[:2]))
    result["window_too_long"] = status(signed(task, window_s=3600))
    result["honest_again"] = status(signed(task))
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
