"""A worker for the inbox of one agent: listens, claims until empty, waits.  python worker.py postgresql://... coder"""

import contextlib
import sys

import psycopg

FALLBACK = 30  # seconds: a failed message is due again without a notification
CLAIM = "SELECT chat_id, message, reply_to, token FROM agentry_chat.claim_agent_messages(%s)"
REPLY = "SELECT agentry_chat.reply_agent_message(%s, p_agent => %s, p_token => %s, p_message => %s)"
MARK = "SELECT agentry_chat.mark_agent_message(%s, %s, p_token => %s, p_status => %s, p_error => %s)"


def handle(message: str) -> str:
    """Your work: returns the answer.  An exception fails the message, and it is tried again later."""
    return f"Done: {message}"


def work(url: str, agent: str, stop_when_empty: bool = False) -> None:
    with psycopg.connect(url, autocommit=True) as conn:  # autocommit: a claim is kept while the work is done
        channel = conn.execute("SELECT agentry_chat.inbox_channel(%s)", [agent]).fetchone()[0]
        conn.execute(f'LISTEN "{channel}"')  # before the first claim, so that nothing is missed
        while True:
            while claimed := conn.execute(CLAIM, [agent]).fetchall():
                for chat_id, message, reply_to, token in claimed:
                    who = [chat_id, agent, token]
                    try:
                        # an answer needs no answer: two workers would never stop
                        settle = [REPLY, *who, handle(message)] if reply_to is None else [MARK, *who, "routed", None]
                    except Exception as error:
                        settle = [MARK, *who, "failed", repr(error)]
                    with contextlib.suppress(psycopg.errors.ObjectNotInPrerequisiteState):  # the lease ran out
                        conn.execute(settle[0], settle[1:])
            if stop_when_empty:
                return
            list(conn.notifies(timeout=FALLBACK, stop_after=1))  # whatever it says: claim again


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2])
