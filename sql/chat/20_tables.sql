-- Messages between agents.  What was said never changes; where each recipient stands with it is a narrow row of its
-- own.

CREATE TABLE IF NOT EXISTS agentry_chat.agent_chat (
    org_id          uuid        NOT NULL,
    id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    sender          text        NOT NULL,
    message         text        NOT NULL,
    recipients      text[]      NOT NULL,
    reply_to        bigint,
    thread          bigint      NOT NULL,
    priority        smallint    NOT NULL DEFAULT 5,
    expires_at      timestamptz,
    idempotency_key text,
    "timestamp"     timestamptz NOT NULL DEFAULT now(),
    position        bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    shape           bigint,
    readers         text[]      NOT NULL DEFAULT '{}',
    announce        text        DEFAULT 'ask',
    by_hand         boolean     NOT NULL DEFAULT true,
    CONSTRAINT agent_chat_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT agent_chat_reply_to_fkey FOREIGN KEY (org_id, reply_to) REFERENCES agentry_chat.agent_chat (org_id, id)
);
COMMENT ON TABLE agentry_chat.agent_chat IS 'Messages between agents.  A message never changes.';
COMMENT ON COLUMN agentry_chat.agent_chat.id IS 'Id, ascending as messages are sent.';
COMMENT ON COLUMN agentry_chat.agent_chat.sender IS 'Name of the agent that sent it.';
COMMENT ON COLUMN agentry_chat.agent_chat.message IS 'Text; never blank.';
COMMENT ON COLUMN agentry_chat.agent_chat.recipients IS
    'Addresses as written, folded, aliases resolved: names, * (the roster of that moment), domain:NAME.';
COMMENT ON COLUMN agentry_chat.agent_chat.reply_to IS 'The message that it answers; NULL when that was forgotten.';
COMMENT ON COLUMN agentry_chat.agent_chat.thread IS
    'Id of the first message of its thread; it stays when that message was forgotten, hence no foreign key.';
COMMENT ON COLUMN agentry_chat.agent_chat.priority IS '1 (first) to 10.';
COMMENT ON COLUMN agentry_chat.agent_chat.expires_at IS 'When it is no longer delivered; NULL: never.';
COMMENT ON COLUMN agentry_chat.agent_chat.idempotency_key IS
    'The sender''s key for this message, 1 to 255 characters: sent twice, it is one message.';
COMMENT ON COLUMN agentry_chat.agent_chat."timestamp" IS 'When it was sent (start of the transaction).';
COMMENT ON COLUMN agentry_chat.agent_chat.position IS
    'Place of its transaction in the feed: transaction id plus the position_offset of the organisation.';
COMMENT ON COLUMN agentry_chat.agent_chat.shape IS
    'Hash of the letters of a short answer, by which the breaker knows repetitions; NULL: not counted.';
COMMENT ON COLUMN agentry_chat.agent_chat.readers IS
    'Names of those who may read it: the sender first, then the recipients.';
COMMENT ON COLUMN agentry_chat.agent_chat.announce IS
    'How its commit tells the recipients, as the setting chat.notify: each, wake; ask: as it says then; NULL: it is '
    'off, or another message of the same batch tells them.';
COMMENT ON COLUMN agentry_chat.agent_chat.by_hand IS
    'Whether a trigger looked for its sender; false where a function had locked it.';

CREATE TABLE IF NOT EXISTS agentry_chat.agent_chat_processed (
    org_id        uuid        NOT NULL,
    chat_id       bigint      NOT NULL,
    agent         text        NOT NULL,
    sender        text        NOT NULL,
    status        text        NOT NULL DEFAULT 'pending',
    priority      smallint    NOT NULL,
    attempts      integer     NOT NULL DEFAULT 0,
    uncounted     integer     NOT NULL DEFAULT 0,
    available_at  timestamptz NOT NULL,
    lease_until   timestamptz,
    expires_at    timestamptz,
    received_at   timestamptz,
    routed_at     timestamptz,
    responded_at  timestamptz,
    settled_at    timestamptz,
    dead_at       timestamptz,
    error_message text,
    by_hand       boolean     NOT NULL DEFAULT true,
    CONSTRAINT agent_chat_processed_pkey PRIMARY KEY (org_id, agent, chat_id)
)
WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
DO $install$
BEGIN
    -- apart from the tables, as they go when their functions are dropped with the extension
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
                   WHERE conrelid = 'agentry_chat.agent_chat'::regclass
                     AND conname = 'agent_chat_check') THEN
        ALTER TABLE agentry_chat.agent_chat ADD CONSTRAINT agent_chat_check
            CHECK (agentry_chat._is_message(message, recipients, id, reply_to, thread, priority, expires_at,
                                            "timestamp", idempotency_key));
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint
                   WHERE conrelid = 'agentry_chat.agent_chat_processed'::regclass
                     AND conname = 'agent_chat_processed_status_check') THEN
        ALTER TABLE agentry_chat.agent_chat_processed ADD CONSTRAINT agent_chat_processed_status_check
            CHECK (agentry_chat._is_delivery(status, attempts, uncounted, lease_until, settled_at, dead_at));
    END IF;
END;
$install$;
COMMENT ON TABLE agentry_chat.agent_chat_processed IS
    'Deliveries: a row for each message and recipient, made when it is sent, and where the recipient stands with it.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.chat_id IS 'The message.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.agent IS 'Name of the recipient.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.sender IS 'Name of the sender, as in the message.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.status IS
    'pending, received (claimed), failed (due again at available_at); settled: routed, responded, dead, expired, '
    'withdrawn.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.priority IS 'As in the message: 1 (first) to 10.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.attempts IS
    'How often it was claimed; the token of the last claim.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.uncounted IS
    'Claims that do not count against the setting chat.max_attempts: those released, and all before it was requeued.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.available_at IS 'When it may be claimed.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.lease_until IS
    'When a claim ends by itself and the message can be claimed again.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.expires_at IS 'As in the message.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.received_at IS 'Time of the last claim.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.routed_at IS 'When it was marked routed.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.responded_at IS 'When it was marked responded.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.settled_at IS 'When it came to its final status.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.dead_at IS 'When the last attempt failed.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.error_message IS 'Error of the last failed attempt.';
COMMENT ON COLUMN agentry_chat.agent_chat_processed.by_hand IS
    'Whether a trigger looked for its message and its agent; false where a function had made or locked them.';

-- EXPLAIN shows estimates to everyone, and these come from statistics of all rows: none is kept of what was written.
ALTER TABLE agentry_chat.agent_chat ALTER COLUMN message SET STATISTICS 0;
ALTER TABLE agentry_chat.agent_chat_processed ALTER COLUMN error_message SET STATISTICS 0;

-- A row says: this inbox has been told since its last claim.  After a crash nobody has been told, and nobody listens.
CREATE UNLOGGED TABLE IF NOT EXISTS agentry_chat.agent_chat_told (
    org_id uuid   NOT NULL,
    agent  text   NOT NULL,
    id     bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT agent_chat_told_pkey PRIMARY KEY (org_id, agent, id)
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE agentry_chat.agent_chat_told IS
    'Inboxes whose agent was notified since its last claim (notify mode wake).';
COMMENT ON COLUMN agentry_chat.agent_chat_told.agent IS 'Name of the agent.';
COMMENT ON COLUMN agentry_chat.agent_chat_told.id IS 'Keeps rows apart while one is being deleted.';

-- Where claims begin, while a snapshot is held that keeps what was settled in their index; see _advance_bound().  Rows
-- are only added and deleted, so nobody waits for anybody, and the lowest counts.  Without them claims begin at 0.
CREATE UNLOGGED TABLE IF NOT EXISTS agentry_chat.agent_chat_bounds (
    org_id      uuid   NOT NULL,
    agent       text   NOT NULL,
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    bound       bigint NOT NULL,
    next_bound  bigint,
    next_xid    xid8,
    CONSTRAINT agent_chat_bounds_pkey PRIMARY KEY (org_id, agent, id)
)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE agentry_chat.agent_chat_bounds IS
    'Bounds of inboxes that many messages have passed through: below the lowest all is settled.';
COMMENT ON COLUMN agentry_chat.agent_chat_bounds.agent IS 'Name of the agent.';
COMMENT ON COLUMN agentry_chat.agent_chat_bounds.id IS 'Keeps rows apart.';
COMMENT ON COLUMN agentry_chat.agent_chat_bounds.bound IS
    'No delivery of the inbox with a lower chat_id is open, nor can one come up but with another row here.';
COMMENT ON COLUMN agentry_chat.agent_chat_bounds.next_bound IS
    'No message that is sent from here on gets this id or a lower one; those that have it may not be committed yet.';
COMMENT ON COLUMN agentry_chat.agent_chat_bounds.next_xid IS
    'Once all transactions before this one have ended, no lower id than next_bound can come up.';

-- Keeps the feed in order where transaction ids start anew: after a restore into another server.  Every send reads it.
CREATE TABLE IF NOT EXISTS agentry_chat.agent_chat_feed_state (
    org_id            uuid   NOT NULL,
    system_identifier bigint NOT NULL,
    position_offset   bigint NOT NULL,
    notify            text   NOT NULL DEFAULT 'wake',
    CONSTRAINT agent_chat_feed_state_pkey PRIMARY KEY (org_id),
    CONSTRAINT agent_chat_feed_state_position_offset_check CHECK (position_offset >= 0)
);
COMMENT ON TABLE agentry_chat.agent_chat_feed_state IS
    'What is added to a transaction id to give the position of a message in the feed, and how messages are told.';
COMMENT ON COLUMN agentry_chat.agent_chat_feed_state.system_identifier IS
    'The server that the offset is for, as in pg_control_system().';
COMMENT ON COLUMN agentry_chat.agent_chat_feed_state.position_offset IS
    'Above every position that another server gave; 0 where the organisation began on this one.';
COMMENT ON COLUMN agentry_chat.agent_chat_feed_state.notify IS
    'The setting chat.notify of the organisation, where a send finds it without another look.';

CREATE TABLE IF NOT EXISTS agentry_chat.agent_chat_breaker_resets (
    org_id   uuid        NOT NULL,
    sender   text        NOT NULL,
    reset_at timestamptz NOT NULL,
    CONSTRAINT agent_chat_breaker_resets_pkey PRIMARY KEY (org_id, sender),
    CONSTRAINT agent_chat_breaker_resets_sender_fkey FOREIGN KEY (org_id, sender)
        REFERENCES agentry.agents (org_id, name) ON DELETE CASCADE
);
COMMENT ON TABLE agentry_chat.agent_chat_breaker_resets IS
    'Senders whose answers the breaker counts anew from some time on.';
COMMENT ON COLUMN agentry_chat.agent_chat_breaker_resets.sender IS 'Name of the sender.';
COMMENT ON COLUMN agentry_chat.agent_chat_breaker_resets.reset_at IS 'Answers before this time do not count.';
