"""schemathesis: no request that the OpenAPI document allows, and none that it does not, ends in a mistake of the app."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from conftest import App


def test_no_mistake_of_the_app(app: App) -> None:
    with app.visitor() as visitor:
        cookie = f"flatbed_session={visitor.cookies['flatbed_session']}"
        visitor.embedded()
        schema = schemathesis.openapi.from_url(f"{app.url}/api/openapi.json")
        operations = 0
        for result in schema.exclude(method="DELETE", path="/api/session").get_all_operations():
            operation = result.ok()
            operations += 1

            @settings(
                max_examples=15, database=None, deadline=None, derandomize=True, suppress_health_check=HealthCheck
            )
            def run(case: schemathesis.Case) -> None:
                case.call_and_validate(headers={"Cookie": cookie}, checks=[not_a_server_error])

            from hypothesis import given

            given(case=operation.as_strategy())(run)()
        assert operations > 20
    assert app.process.poll() is None
