"""The pages: an inbox in a browser, which works without JavaScript as well."""

from __future__ import annotations

from strands_cli.web.pages.routes import router
from strands_cli.web.pages.views import error_page, problem_page, sign_in_page

__all__ = ["error_page", "problem_page", "router", "sign_in_page"]
