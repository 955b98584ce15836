"""The flow of document 000: denied, read the comment, ask the agent who may, and that agent writes."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.core.support import one
from tests.harness.database import Database


def test_denied_read_the_comment_ask_the_agent_who_may_and_it_writes(db: Database) -> None:
    coder = db.connect(db.agent_role("coder"))
    newhart = db.connect(db.agent_role("newhart"))
    db.admin.execute(
        "SELECT agentry.register_agent('newhart', 'keeps the registry', p_domains => '{Agent Management}')"
    )
    wish = "INSERT INTO agentry.agents (name, description) VALUES ('scout', 'finds things')"

    # 1. coder tries, and is denied
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied for table agents") as denied:
        coder.execute(wish)
    assert "agents of domain Agent Management" in str(denied.value.diag.message_detail)
    assert "Ask newhart to do it." in str(denied.value.diag.message_hint)
    assert one(coder, "SELECT count(*) FROM agentry.agents WHERE name = 'scout'") == 0

    # 2. it reads the comment of the table: by the catalogue as psql's \d+ does, and by the view
    comment = one(coder, "SELECT obj_description('agentry.agents'::regclass, 'pg_class')")
    assert "WRITE: applications, agents of domain Agent Management (INSERT, UPDATE), administrators" in comment
    access = coder.execute(
        "SELECT writers, may_insert, comment FROM agentry.v_table_access WHERE table_name = 'agentry.agents'::regclass"
    ).fetchone()
    writers = "applications, agents of domain Agent Management (INSERT, UPDATE), administrators"
    assert access == (writers, False, comment)

    # 3. it finds who that is, and asks
    who = one(
        coder,
        "SELECT a.name FROM agentry.agent_domains AS d JOIN agentry.agents AS a ON a.id = d.agent_id"
        " WHERE d.domain_topic = 'Agent Management' ORDER BY d.priority",
    )
    assert who == "newhart"
    newhart.execute("LISTEN agent_chat")
    asked = one(
        coder,
        "SELECT agentry_chat.send_agent_message('coder', %s, ARRAY['domain:Agent Management'])",
        f"Please run for me: {wish}",
    )

    # 4. the agent who may is woken, claims the message, and writes
    assert [n.channel for n in newhart.notifies(timeout=20, stop_after=1)] == ["agent_chat"]
    with newhart.transaction():
        claim = newhart.execute(
            "SELECT chat_id, sender, message, token FROM agentry_chat.claim_agent_messages()"
        ).fetchone()
        assert claim
        assert claim[:3] == (asked, "coder", f"Please run for me: {wish}")
        newhart.execute(claim[2].removeprefix("Please run for me: ").encode())
        newhart.execute(
            "SELECT agentry_chat.reply_agent_message(%s, 'Done: scout is registered.', p_token => %s)",
            [asked, claim[3]],
        )

    # 5. coder reads the answer, and the row is there
    answers = coder.execute("SELECT sender, message, reply_to FROM agentry_chat.claim_agent_messages()").fetchall()
    assert answers == [("newhart", "Done: scout is registered.", asked)]
    assert one(coder, "SELECT description FROM agentry.agents WHERE name = 'scout'") == "finds things"
    assert (
        one(db.admin, "SELECT status FROM agentry_chat.agent_chat_processed WHERE chat_id = %s", asked) == "responded"
    )
    with pytest.raises(errors.InsufficientPrivilege):
        coder.execute("DELETE FROM agentry.agents WHERE name = 'scout'")
