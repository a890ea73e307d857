"""Orders over REST: placed, listed, replaced, cancelled, explained."""

from __future__ import annotations

from tests.api.served import Served


def test_an_order_is_placed_read_replaced_and_cancelled(served: Served) -> None:
    with served.client(served.person()) as client:
        placed = client.post(
            "/api/sessions/market/orders",
            json={
                "symbol": "QUIET",
                "side": "buy",
                "type": "limit",
                "quantity": "10",
                "limit_price": "45.5",
                "client_order_id": "mine",
            },
        )
        assert placed.status_code == 201, placed.text
        order = placed.json()
        assert (order["state"], order["limit_price"], order["leaves"]) == ("new", 45.5, 10.0)
        assert order["client_order_id"] == "mine"
        path = "/api/sessions/market/orders"
        assert client.get(f"{path}/{order['id']}").json() == order
        assert client.get(f"{path}/client:mine").json() == order
        replaced = client.patch(f"{path}/{order['id']}", json={"limit_price": "45.6", "quantity": 12})
        assert replaced.status_code == 200, replaced.text
        assert (replaced.json()["replaces"], replaced.json()["quantity"]) == (order["id"], 12.0)
        canceled = client.delete(f"{path}/{replaced.json()['id']}")
        assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled")
        listed = client.get(path, params={"state": "closed"}).json()["orders"]
        assert [each["state"] for each in listed] == ["canceled", "replaced"]
        told = client.get(f"{path}/{order['id']}/explanation")
        assert told.status_code == 200, told.text
        assert "45.5" in told.json()["text"]


def test_a_number_that_only_python_would_read_is_refused(served: Served) -> None:
    path = "/api/sessions/market/orders"
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "limit_price": "45.5"}
    with served.client(served.person()) as client:
        for quantity in ("1_0", "\u0661", "1\uff11"):
            refused = client.post(path, json={**order, "quantity": quantity})
            assert refused.status_code == 422
            assert refused.json()["message"] == (
                f"quantity is {quantity!r}, expected a decimal number such as 45.90"
            )
        taken = client.post(path, json={**order, "quantity": " 1e1 ", "client_order_id": "under_score"})
        assert (taken.status_code, taken.json()["quantity"]) == (201, 10.0)
        amended = client.patch(f"{path}/{taken.json()['id']}", json={"limit_price": "4_5"})
        assert amended.status_code == 422
        dated = {**order, "quantity": 1, "time_in_force": "gtd"}
        gone = client.post(path, json={**dated, "expires": "1900-01-01T00:00:00Z"})
        assert gone.status_code == 422
        assert "give one that is still to come" in gone.json()["message"]
        assert [each["state"] for each in client.get(path).json()["orders"]] == ["new"]
