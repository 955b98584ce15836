-- How recall() ranks, by name.  Administrators may add more.

CREATE TABLE IF NOT EXISTS agentry_memory.recall_presets (
    name             text NOT NULL,
    lexical          real NOT NULL DEFAULT 0,
    semantic         real NOT NULL DEFAULT 0,
    recency          real NOT NULL DEFAULT 0,
    importance       real NOT NULL DEFAULT 0,
    emotion          real NOT NULL DEFAULT 0,
    frequency        real NOT NULL DEFAULT 0,
    neighbours       boolean NOT NULL DEFAULT false,
    normalisation    text NOT NULL DEFAULT 'maximum',
    recency_shape    text NOT NULL DEFAULT 'exponential',
    recency_hours    double precision NOT NULL DEFAULT 720,
    recency_since    text NOT NULL DEFAULT 'occurred',
    least_similarity real,
    description      text NOT NULL,
    CONSTRAINT recall_presets_pkey PRIMARY KEY (name),
    CONSTRAINT recall_presets_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT recall_presets_weights_check CHECK (
        least(lexical, semantic, recency, importance, emotion, frequency) >= 0
        AND greatest(lexical, semantic, recency, importance, emotion, frequency) <= 100
        AND lexical + semantic + recency + importance + emotion + frequency > 0),
    CONSTRAINT recall_presets_normalisation_check CHECK (normalisation IN ('maximum', 'range', 'none')),
    CONSTRAINT recall_presets_recency_shape_check CHECK (recency_shape IN ('exponential', 'linear')),
    CONSTRAINT recall_presets_recency_hours_check CHECK (recency_hours BETWEEN 0.001 AND 1e7),
    CONSTRAINT recall_presets_recency_since_check CHECK (recency_since IN ('occurred', 'accessed')),
    CONSTRAINT recall_presets_least_similarity_check CHECK (least_similarity BETWEEN -1 AND 1)
);
COMMENT ON TABLE agentry_memory.recall_presets IS
    'Ways to rank what is recalled: score = sum of weight times part.';
COMMENT ON COLUMN agentry_memory.recall_presets.name IS 'Name.';
COMMENT ON COLUMN agentry_memory.recall_presets.lexical IS 'Weight of the words (BM25), 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.semantic IS 'Weight of the meaning (cosine), 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.recency IS 'Weight of recency, 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.importance IS 'Weight of importance, 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.emotion IS 'Weight of emotional relevance, 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.frequency IS 'Weight of how often it was used, 0 to 100.';
COMMENT ON COLUMN agentry_memory.recall_presets.neighbours IS
    'Whether neighbours in the session lend a part of their words and meaning.';
COMMENT ON COLUMN agentry_memory.recall_presets.normalisation IS
    'How parts come to one scale: maximum (words and meaning by the best of the candidates), range (every part from '
    'the least to the most of the candidates), none (words by the most they could score, meaning as the cosine is).';
COMMENT ON COLUMN agentry_memory.recall_presets.recency_shape IS
    'exponential: exp(-age / recency_hours); linear: 1 - age / recency_hours, never below 0.';
COMMENT ON COLUMN agentry_memory.recall_presets.recency_hours IS 'Scale of the age, 0.001 to 10 million hours.';
COMMENT ON COLUMN agentry_memory.recall_presets.recency_since IS
    'What age counts from: occurred, or accessed (the last use, else when it occurred).';
COMMENT ON COLUMN agentry_memory.recall_presets.least_similarity IS
    'Cosine below which an entry is left out where an embedding is given; NULL: none is.';
COMMENT ON COLUMN agentry_memory.recall_presets.description IS 'Meaning and source.';

INSERT INTO agentry_memory.recall_presets (
    name, lexical, semantic, recency, importance, emotion, frequency, neighbours, normalisation, recency_shape,
    recency_hours, recency_since, least_similarity, description)
VALUES
    ('default', 0.5, 0.5, 0, 0, 0, 0, true, 'maximum', 'exponential', 720, 'occurred', NULL,
     'Words and meaning, half each, neighbours of the session lending part of theirs.'),
    ('generative_agents', 0, 1, 1, 1, 0, 0, false, 'range', 'exponential', -1 / ln(0.995), 'accessed', NULL,
     'Park et al. 2023, section 4.1: relevance, recency (0.995 for each hour since the last access) and importance, '
     'each from the least to the most of the candidates, equally.  (Their code counts recency by place in a list that '
     'it sorts the wrong way round, 0.99 a place, and weighs 0.5, 3, 2; the paper does not.)'),
    ('similar', 0, 1, 0, 0, 0, 0, false, 'none', 'exponential', 720, 'occurred', 0.8,
     'Nothing but what is near in meaning: cosine above 0.8 (a cosine distance below 0.2).'),
    ('ranked', 0, 0.4, 0.2, 0.3, 0, 0.1, false, 'none', 'exponential', 2400, 'occurred', NULL,
     '0.4 relevance, 0.2 recency (exp(-0.01 a day)), 0.3 importance, 0.1 how often it was used, beside the most used '
     'of the candidates.'),
    ('emotional', 0, 0.3, 0.2, 0.3, 0.2, 0, false, 'none', 'linear', 240, 'occurred', NULL,
     '0.3 relevance, 0.2 recency (linear, nothing after ten days), 0.3 importance, 0.2 emotional relevance.'),
    ('similar_recent', 0, 0.7, 0.3, 0, 0, 0, false, 'none', 'exponential', 24, 'occurred', NULL,
     '0.7 relevance, 0.3 recency (exp(-1 a day)).  The form 0.7 * distance + 0.3 * days, smallest first, adds a '
     'distance of 0 to 2 to a number of days without bound: a perfect match of last month (9) loses to nonsense of '
     'today (0.7).'),
    ('hybrid', 0.3, 0.7, 0, 0, 0, 0, false, 'none', 'exponential', 720, 'occurred', NULL,
     '0.3 words, 0.7 meaning, both from 0 to 1.  The form 0.3 * ts_rank + 0.7 * (1 - distance) adds a rank that has no '
     'bound of its own, from rows whose words must all match, and puts rows without an embedding first.')
ON CONFLICT (name) DO UPDATE
SET lexical = excluded.lexical, semantic = excluded.semantic, recency = excluded.recency,
    importance = excluded.importance, emotion = excluded.emotion, frequency = excluded.frequency,
    neighbours = excluded.neighbours, normalisation = excluded.normalisation, recency_shape = excluded.recency_shape,
    recency_hours = excluded.recency_hours, recency_since = excluded.recency_since,
    least_similarity = excluded.least_similarity, description = excluded.description;
