"""The client under test of the official MCP conformance runner: `client.py URL`; the environment names the scenario."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mcp import types
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import PrivateKeyJWTOAuthProvider, SignedJWTParameters
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata
from pydantic import AnyUrl

from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.tools.mcp import MCPClient, transports

SCENARIO = os.environ["MCP_CONFORMANCE_SCENARIO"]
CONTEXT: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
CALLBACK = AnyUrl("http://localhost:3000/callback")
EXAMPLES = {"string": "x", "integer": 0, "number": 0, "boolean": False, "object": {}, "array": [], "null": None}


def calls_of(client: MCPClient) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls that the scenario wants, of the tools that the client lists."""
    listed = {tool.mcp_tool.name: tool.tool_spec["inputSchema"]["json"] for tool in client.list_tools_sync()}
    if "json_schema_echo" in listed:
        return [("json_schema_echo", {"schema": listed["json_schema_2020_12_tool"]})]
    if "toolCalls" in CONTEXT:
        return [(each["name"], each.get("arguments") or {}) for each in CONTEXT["toolCalls"] if each["name"] in listed]
    if "add_numbers" in listed:
        return [("add_numbers", {"a": 5, "b": 3})]
    return [(name, example(schema)) for name, schema in listed.items()]


def example(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = schema.get("properties", {})
    return {name: EXAMPLES.get(kinds.get(name, {}).get("type"), "x") for name in schema.get("required", [])}


def by_agent(client: MCPClient) -> None:
    """Let an agent make the calls; each question of the server is answered with yes."""
    with client:
        calls = [ToolCall(name, arguments) for name, arguments in calls_of(client)]
        agent = Agent(model=ScriptedModel([*calls, "done"]), tools=[client], callback_handler=None)
        result = agent("go")
        while result.stop_reason == "interrupt":
            asked = result.interrupts or ()
            answers = [{"interruptResponse": {"interruptId": each.id, "response": "yes"}} for each in asked]
            result = agent(answers)
        print(json.dumps(agent.messages))


async def with_defaults(context: Any, params: Any) -> types.ElicitResult:
    """Accept a form as it is filled in already."""
    fields = params.model_dump(by_alias=True)["requestedSchema"]["properties"]
    content = {name: field["default"] for name, field in fields.items() if "default" in field}
    return types.ElicitResult(action="accept", content=content)


def directly(client: MCPClient) -> None:
    """List the tools and call them; an error of a call is a result."""
    with client:
        for name, arguments in calls_of(client):
            print(json.dumps(client.call_tool_sync(name, name, arguments)))


class Visitor:
    """Visits the page on which a person would let the client in."""

    found: dict[str, list[str]]

    async def visit(self, address: str) -> None:
        async with create_mcp_http_client() as http:
            answer = await http.get(address, follow_redirects=False)
        self.found = parse_qs(urlsplit(answer.headers["location"]).query)

    async def code(self) -> Any:
        code, state, issuer = (self.found.get(name, [None])[0] for name in ("code", "state", "iss"))
        try:
            from mcp.shared.auth import AuthorizationCodeResult
        except ImportError:  # release 1
            return code, state
        return AuthorizationCodeResult(code=code or "", state=state, iss=issuer)


def access(url: str) -> Any:
    """Return the authentication that the scenario wants."""
    if SCENARIO == "auth/client-credentials-basic":
        return transports.client_credentials(url, CONTEXT["client_id"], CONTEXT["client_secret"])
    if SCENARIO == "auth/client-credentials-jwt":
        return by_signature(url)
    if SCENARIO == "auth/enterprise-managed-authorization":
        return by_enterprise(url)
    return by_visit(url)


def by_signature(url: str) -> Any:
    signed = SignedJWTParameters(
        issuer=CONTEXT["client_id"],
        subject=CONTEXT["client_id"],
        signing_algorithm=CONTEXT.get("signing_algorithm", "ES256"),
        signing_key=CONTEXT["private_key_pem"],
    )
    return PrivateKeyJWTOAuthProvider(
        server_url=url,
        storage=transports.MemoryTokens(),
        client_id=CONTEXT["client_id"],
        assertion_provider=signed.create_assertion_provider(),
    )


def by_enterprise(url: str) -> Any:
    """Exchange the token of the enterprise's identity provider for one that the authorization server takes."""
    from mcp.client.auth.extensions.identity_assertion import IdentityAssertionOAuthProvider
    from mcp.client.auth.utils import build_protected_resource_metadata_discovery_urls as well_known

    async def exchanged(audience: str, resource: str) -> str:
        kind = "urn:ietf:params:oauth:token-type"
        data = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requested_token_type": f"{kind}:id-jag",
            "subject_token": CONTEXT["idp_id_token"],
            "subject_token_type": f"{kind}:id_token",
            "audience": audience,
            "resource": resource,
            "client_id": CONTEXT["idp_client_id"],
        }
        async with create_mcp_http_client() as http:
            answer = await http.post(CONTEXT["idp_token_endpoint"], data=data)
        return str(answer.raise_for_status().json()["access_token"])

    with urllib.request.urlopen(well_known(None, url)[0]) as answer:
        issuer = json.load(answer)["authorization_servers"][0]
    return IdentityAssertionOAuthProvider(
        server_url=url,
        storage=transports.MemoryTokens(),
        client_id=CONTEXT["client_id"],
        client_secret=CONTEXT["client_secret"],
        issuer=issuer,
        assertion_provider=exchanged,
        token_endpoint_auth_method="client_secret_basic",
    )


def by_visit(url: str) -> Any:
    """Register, unless the client is known there, and send a person to let it in."""
    tokens = transports.MemoryTokens()
    if "client_id" in CONTEXT:
        tokens.client = OAuthClientInformationFull(
            client_id=CONTEXT["client_id"],
            client_secret=CONTEXT.get("client_secret"),
            redirect_uris=[CALLBACK],
            token_endpoint_auth_method="client_secret_basic" if CONTEXT.get("client_secret") else "none",
        )
    visitor = Visitor()
    about = OAuthClientMetadata(
        client_name="conformance",
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
    )
    return OAuthClientProvider(
        server_url=url,
        client_metadata=about,
        storage=tokens,
        redirect_handler=visitor.visit,
        callback_handler=visitor.code,
        client_metadata_url="https://conformance-test.local/client-metadata.json",
    )


def main() -> None:
    url = sys.argv[-1]
    os.chdir(tempfile.mkdtemp())
    if SCENARIO.startswith("auth/"):
        directly(MCPClient(url=url, startup_timeout=80, auth_provider=access(url)))
    elif SCENARIO.startswith("elicitation"):
        directly(MCPClient(url=url, startup_timeout=80, elicitation_callback=with_defaults))
    elif SCENARIO.startswith("sep-2322"):
        by_agent(MCPClient(url=url, startup_timeout=80))
    else:
        directly(MCPClient(url=url, startup_timeout=80))


if __name__ == "__main__":
    main()
