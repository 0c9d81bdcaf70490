"""An OpenID Connect provider on the loopback interface: authorization code with PKCE, signed id tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey


class Provider:
    """A provider that lets everybody be `claims`.

    Attributes:
        claims: What the next id token says beside the usual.
        forged: How the next id token is wrong: "", key, none, secret, audience, issuer, nonce or expired.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "u1", "name": "Anna"}
        self.forged: str = ""
        self._key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        self._other = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        self._asked: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._get(self)

            def do_POST(self) -> None:
                provider._post(self)

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        if url.path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            told = {name: f"{self.issuer}/{path}" for name, path in names.items()}
            algorithms = ["RS256", "HS256", "none"]
            _json(handler, {"issuer": self.issuer, "id_token_signing_alg_values_supported": algorithms, **told})
        elif url.path == "/keys":
            _json(handler, {"keys": [self._key.as_dict(private=False)]})
        else:
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            code = f"code{len(self._asked)}"
            self._asked[code] = query
            handler.send_response(302)
            back = urlencode({"code": code, "state": query["state"]})
            handler.send_header("Location", f"{query['redirect_uri']}?{back}")
            handler.end_headers()

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        given = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self._asked.pop(given["code"], None)
        verifier = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or challenge != asked.get("code_challenge"):
            _json(handler, {"error": "invalid_grant"}, 400)
            return
        _json(handler, {"access_token": "a", "token_type": "Bearer", "id_token": self._token(asked)})

    def _token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        wrong: dict[str, dict[str, Any]] = {
            "audience": {"aud": "another"},
            "issuer": {"iss": "http://127.0.0.1:1"},
            "nonce": {"nonce": "another"},
            "expired": {"exp": now - 3600},
        }
        claims = {**claims, **self.claims, **wrong.get(self.forged, {})}
        if self.forged == "none":
            parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
            return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])
        if self.forged == "secret":
            public = OctKey.import_key(self._key.as_pem(private=False))
            return jwt.encode({"alg": "HS256", "kid": "k1"}, claims, public, algorithms=["HS256"])
        key = self._other if self.forged == "key" else self._key
        return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)


def _json(handler: BaseHTTPRequestHandler, told: Any, status: int = 200) -> None:
    body = json.dumps(told).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
