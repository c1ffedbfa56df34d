CREATE SCHEMA pricebook;
CREATE FUNCTION pricebook.forget() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
UPDATE rate_card SET rates_digest = NULL
WHERE rates_digest IS NOT NULL AND id IN (SELECT rate_card_id FROM touched);
RETURN NULL;
END $$;
CREATE FUNCTION pricebook.refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TABLE pricebook.account (
    namespace text NOT NULL COLLATE pg_catalog."C",
    mark text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE pricebook.alias (
    seq integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    object_id text NOT NULL COLLATE pg_catalog."C",
    "position" integer NOT NULL,
    starting_at text COLLATE pg_catalog."C",
    ending_before text COLLATE pg_catalog."C",
    assigned_at text NOT NULL COLLATE pg_catalog."C",
    withdrawn_at text COLLATE pg_catalog."C",
    CONSTRAINT alias_check CHECK ((ending_before > starting_at)),
    CONSTRAINT alias_kind_check CHECK ((kind = ANY (ARRAY['rate-card'::text, 'package'::text])))
);
CREATE SEQUENCE pricebook.alias_seq_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE pricebook.alias_seq_seq OWNED BY pricebook.alias.seq;
CREATE TABLE pricebook.billable_metric (
    id text NOT NULL COLLATE pg_catalog."C",
    mark text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    CONSTRAINT billable_metric_mark_check CHECK (((length(mark) >= 1) AND (length(mark) <= 200)))
);
CREATE TABLE pricebook.contract (
    id text NOT NULL COLLATE pg_catalog."C",
    customer_id text NOT NULL COLLATE pg_catalog."C",
    package_id text COLLATE pg_catalog."C",
    rate_card_id text COLLATE pg_catalog."C",
    starting_at text NOT NULL COLLATE pg_catalog."C",
    ending_before text COLLATE pg_catalog."C",
    uniqueness_key text COLLATE pg_catalog."C",
    transition text COLLATE pg_catalog."C",
    custom_fields text NOT NULL COLLATE pg_catalog."C",
    created_at text COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    CONSTRAINT contract_check CHECK ((ending_before >= starting_at))
);
CREATE TABLE pricebook.journal (
    seq integer NOT NULL,
    run integer NOT NULL,
    step text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    at text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL COLLATE pg_catalog."C",
    token integer NOT NULL,
    remote_id text NOT NULL COLLATE pg_catalog."C",
    detail text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE pricebook.journal_seq_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE pricebook.journal_seq_seq OWNED BY pricebook.journal.seq;
CREATE TABLE pricebook.lease (
    environment text NOT NULL COLLATE pg_catalog."C",
    token integer NOT NULL,
    owner text COLLATE pg_catalog."C",
    process text COLLATE pg_catalog."C",
    since text COLLATE pg_catalog."C",
    expires_at text COLLATE pg_catalog."C"
);
CREATE TABLE pricebook.package (
    id text NOT NULL COLLATE pg_catalog."C",
    mark text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    uniqueness_key text COLLATE pg_catalog."C",
    rate_card_id text COLLATE pg_catalog."C",
    rate_card_alias text COLLATE pg_catalog."C",
    CONSTRAINT package_check CHECK (((rate_card_id IS NULL) OR (rate_card_alias IS NULL))),
    CONSTRAINT package_mark_check CHECK (((length(mark) >= 1) AND (length(mark) <= 200))),
    CONSTRAINT package_uniqueness_key_check CHECK (((length(uniqueness_key) >= 1) AND (length(uniqueness_key) <= 128)))
);
CREATE TABLE pricebook.pricebook_version (
    version integer NOT NULL
);
CREATE TABLE pricebook.pricing_unit (
    id text NOT NULL COLLATE pg_catalog."C",
    mark text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    CONSTRAINT pricing_unit_mark_check CHECK (((length(mark) >= 1) AND (length(mark) <= 200)))
);
CREATE TABLE pricebook.product (
    id text NOT NULL COLLATE pg_catalog."C",
    mark text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT product_mark_check CHECK (((length(mark) >= 1) AND (length(mark) <= 200))),
    CONSTRAINT product_type_check CHECK ((type = ANY (ARRAY['FIXED'::text, 'USAGE'::text, 'COMPOSITE'::text, 'SUBSCRIPTION'::text, 'PROFESSIONAL_SERVICE'::text])))
);
CREATE TABLE pricebook.rate_card (
    id text NOT NULL COLLATE pg_catalog."C",
    mark text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text COLLATE pg_catalog."C",
    spec text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    archived_at text COLLATE pg_catalog."C",
    product_order text NOT NULL COLLATE pg_catalog."C",
    rates_digest text COLLATE pg_catalog."C",
    rates_count integer NOT NULL,
    rates_mark text COLLATE pg_catalog."C",
    aliases_mark text COLLATE pg_catalog."C",
    CONSTRAINT rate_card_mark_check CHECK (((length(mark) >= 1) AND (length(mark) <= 200))),
    CONSTRAINT rate_card_rates_digest_check CHECK ((length(rates_digest) = 32)),
    CONSTRAINT rate_card_rates_mark_check CHECK ((length(rates_mark) <= 200))
);
CREATE TABLE pricebook.rate_timeline (
    rate_card_id text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    product_id text NOT NULL COLLATE pg_catalog."C",
    schedule text NOT NULL COLLATE pg_catalog."C"
);
CREATE VIEW pricebook.rate AS
 SELECT rate_card.name AS rate_card,
    product.name AS product,
    ((rate_timeline.key)::json ->> 1) AS billing_frequency,
    (((rate_timeline.key)::json -> 2))::text AS pricing_group_values,
    (segment.value ->> 0) AS starting_at,
    (segment.value ->> 1) AS ending_before,
    ((segment.value -> 2) ->> 'rate_type'::text) AS rate_type,
    ((segment.value -> 2) ->> 'price'::text) AS price,
    COALESCE(((segment.value -> 2) ->> 'credit_type'::text), 'usd'::text) AS credit_type,
    (((segment.value -> 2) ->> 'entitled'::text))::boolean AS entitled,
    ((segment.value -> 2))::text AS terms,
    rate_timeline.rate_card_id,
    rate_timeline.product_id
   FROM (((pricebook.rate_timeline
     JOIN pricebook.rate_card ON ((rate_card.id = rate_timeline.rate_card_id)))
     JOIN pricebook.product ON ((product.id = rate_timeline.product_id)))
     CROSS JOIN LATERAL json_array_elements((rate_timeline.schedule)::json) segment(value));
CREATE TABLE pricebook.run (
    number integer NOT NULL,
    namespace text NOT NULL COLLATE pg_catalog."C",
    environment text NOT NULL COLLATE pg_catalog."C",
    plan text NOT NULL COLLATE pg_catalog."C",
    as_of text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL COLLATE pg_catalog."C",
    started_at text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    git_commit text NOT NULL COLLATE pg_catalog."C",
    git_branch text NOT NULL COLLATE pg_catalog."C",
    approved text NOT NULL COLLATE pg_catalog."C",
    ended_at text COLLATE pg_catalog."C",
    result text NOT NULL COLLATE pg_catalog."C",
    document bytea NOT NULL
);
CREATE SEQUENCE pricebook.run_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE pricebook.run_number_seq OWNED BY pricebook.run.number;
ALTER TABLE ONLY pricebook.alias ALTER COLUMN seq SET DEFAULT nextval('pricebook.alias_seq_seq'::regclass);
ALTER TABLE ONLY pricebook.journal ALTER COLUMN seq SET DEFAULT nextval('pricebook.journal_seq_seq'::regclass);
ALTER TABLE ONLY pricebook.run ALTER COLUMN number SET DEFAULT nextval('pricebook.run_number_seq'::regclass);
INSERT INTO pricebook.account VALUES ('acme', 'prod/3f2a9c1d8b7e6f50');
INSERT INTO pricebook.alias VALUES (1, 'rate-card', 'List', '0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', 0, NULL, NULL, '2025-10-01T12:00:00Z', NULL);
INSERT INTO pricebook.alias VALUES (3, 'rate-card', 'List', 'e4fe592b-4d40-4f36-9a0a-a1919fbf3adc', 0, '2026-01-01T00:00:00Z', NULL, '2025-10-01T12:00:00Z', NULL);
INSERT INTO pricebook.alias VALUES (4, 'package', 'starter', '4853fc42-0583-43f8-943e-295d9be80fc5', 0, NULL, NULL, '2025-10-01T12:00:00Z', NULL);
INSERT INTO pricebook.alias VALUES (2, 'package', 'starter', 'c76c334b-6df6-44d8-a1a4-b3afd95557f1', 0, NULL, NULL, '2025-10-01T12:00:00Z', '2025-10-01T12:00:00Z');
INSERT INTO pricebook.billable_metric VALUES ('7f6dfe26-50b3-4da1-85c7-b173e4ac22a9', 'acme/billable-metric:calls', 'Calls', '475523497874717c624efffa', '{"aggregation_type":"COUNT","group_keys":[["model"]],"name":"Calls"}', '2025-10-01T12:30:15Z', NULL);
INSERT INTO pricebook.contract VALUES ('54577975-d122-486d-bf10-6073ebde2b1b', 'c-1', '4853fc42-0583-43f8-943e-295d9be80fc5', '0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 'k', NULL, '{"a":"ä"}', '2025-10-01T12:30:15Z', NULL);
INSERT INTO pricebook.contract VALUES ('3c373fbd-bc57-4059-b99a-1b8504024752', 'c-2', '4853fc42-0583-43f8-943e-295d9be80fc5', '0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', NULL, NULL, '{}', '2025-10-01T12:30:15Z', '2025-10-01T12:30:15Z');
INSERT INTO pricebook.journal VALUES (1, 1, 'a', 'done', '2025-10-01T12:30:15+00:00', 'me@here:15677:a1', 1, 'id-1', 'said ''no''');
INSERT INTO pricebook.journal VALUES (2, 2, 'a', 'done', '2025-10-01T12:30:15+00:00', 'me@here:15677:a1', 2, 'id-1', 'said ''no''');
INSERT INTO pricebook.lease VALUES ('prod', 2, NULL, NULL, '2025-10-01T12:30:15+00:00', '2025-10-01T12:30:45+00:00');
INSERT INTO pricebook.package VALUES ('4853fc42-0583-43f8-943e-295d9be80fc5', 'acme/package:starter@2', 'Starter 2', 'a457ac5b815aca8d8667c129', '{"aliases":[{"name":"starter"}],"duration":{"unit":"MONTHS","value":12},"name":"Starter 2","rate_card":"0bb9cbf4-ac3d-4d5b-b6f1-02a306218157","recurring_credits":[{"access_amount":{"quantity":1,"unit_price":1000},"applicable_products":["d81a11e1-805b-479a-aaa4-e5657d70b434"],"commit_duration":{"value":1},"duration":{"unit":"MONTHS","value":3},"priority":1,"product":"8c24b7a8-527c-40ad-8519-f66f7237f20c","recurrence_frequency":"MONTHLY","starting_at_offset":{"unit":"MONTHS","value":0}}],"subscriptions":[{"collection_schedule":"ADVANCE","initial_quantity":1,"proration":{"is_prorated":true},"subscription_rate":{"billing_frequency":"MONTHLY","product":"f414789f-a123-47cc-8d87-db2fde5da9cd"}}]}', '2025-10-01T12:30:15Z', NULL, 'pricebook/acme/starter@2/a457ac5b815aca8d8667c129', '0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', NULL);
INSERT INTO pricebook.package VALUES ('c76c334b-6df6-44d8-a1a4-b3afd95557f1', 'acme/package:starter@1', 'Starter', '9adbbc993ec5254e934d0f2c', '{"aliases":[{"name":"starter"}],"duration":{"unit":"MONTHS","value":12},"name":"Starter","rate_card":"0bb9cbf4-ac3d-4d5b-b6f1-02a306218157","recurring_credits":[{"access_amount":{"quantity":1,"unit_price":1000},"applicable_products":["d81a11e1-805b-479a-aaa4-e5657d70b434"],"commit_duration":{"value":1},"duration":{"unit":"MONTHS","value":3},"priority":1,"product":"8c24b7a8-527c-40ad-8519-f66f7237f20c","recurrence_frequency":"MONTHLY","starting_at_offset":{"unit":"MONTHS","value":0}}],"subscriptions":[{"collection_schedule":"ADVANCE","initial_quantity":1,"proration":{"is_prorated":true},"subscription_rate":{"billing_frequency":"MONTHLY","product":"f414789f-a123-47cc-8d87-db2fde5da9cd"}}]}', '2025-10-01T12:30:15Z', '2025-10-01T12:30:15Z', 'pricebook/acme/starter@1/9adbbc993ec5254e934d0f2c', '0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', NULL);
INSERT INTO pricebook.pricebook_version VALUES (2);
INSERT INTO pricebook.product VALUES ('d81a11e1-805b-479a-aaa4-e5657d70b434', 'acme/product:tokens', 'Tokens', '68835e151b5b3a1c1720de16', '{"billable_metric":"7f6dfe26-50b3-4da1-85c7-b173e4ac22a9","name":"Tokens","pricing_group_key":["model"],"type":"USAGE"}', '2025-10-01T12:30:15Z', NULL, 'USAGE');
INSERT INTO pricebook.product VALUES ('f414789f-a123-47cc-8d87-db2fde5da9cd', 'acme/product:seats', 'Seats', 'c9d8430f0bd9f6921c8dc3be', '{"name":"Seats","type":"SUBSCRIPTION"}', '2025-10-01T12:30:15Z', NULL, 'SUBSCRIPTION');
INSERT INTO pricebook.product VALUES ('8c24b7a8-527c-40ad-8519-f66f7237f20c', 'acme/product:sign-up-credit', 'Sign-up credit', '71ed0647827e673f0f386b7e', '{"name":"Sign-up credit","type":"FIXED"}', '2025-10-01T12:30:15Z', NULL, 'FIXED');
INSERT INTO pricebook.product VALUES ('3025b104-23d0-4a00-95f5-4edd90d48fe0', 'other/product:tokens', 'Tokens ‮; DROP TABLE run', '14c2027c295d3fa5c9578836', '{"name":"Tokens ‮; DROP TABLE run","type":"FIXED"}', '2025-10-01T12:30:15Z', NULL, 'FIXED');
INSERT INTO pricebook.rate_card VALUES ('0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', 'acme/rate-card:list', 'List prices', '2ed8889ea1b99b3600caca39', '{"name":"List prices"}', '2025-10-01T12:30:15Z', NULL, '["d81a11e1-805b-479a-aaa4-e5657d70b434","f414789f-a123-47cc-8d87-db2fde5da9cd"]', '29c32e4c6d0f3c7ba27bcaddb4049df1', 2, NULL, '700d01f0bf69552d3d815aaf');
INSERT INTO pricebook.rate_card VALUES ('e4fe592b-4d40-4f36-9a0a-a1919fbf3adc', 'acme/rate-card:spare', 'List prices', '2ed8889ea1b99b3600caca39', '{"name":"List prices"}', '2025-10-01T12:30:15Z', NULL, '[]', '5443c9087f072648ffe0e9017380e72a', 1, NULL, 'fc72d15bb58f680cdefb3d67');
INSERT INTO pricebook.rate_timeline VALUES ('0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', '["tokens",null,{"model":"large"}]', 'd81a11e1-805b-479a-aaa4-e5657d70b434', '[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":0.5,"rate_type":"FLAT"}]]');
INSERT INTO pricebook.rate_timeline VALUES ('0bb9cbf4-ac3d-4d5b-b6f1-02a306218157', '["seats","MONTHLY",{}]', 'f414789f-a123-47cc-8d87-db2fde5da9cd', '[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":1000,"rate_type":"FLAT"}]]');
INSERT INTO pricebook.rate_timeline VALUES ('e4fe592b-4d40-4f36-9a0a-a1919fbf3adc', '["seats","MONTHLY",{}]', 'f414789f-a123-47cc-8d87-db2fde5da9cd', '[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":5,"rate_type":"FLAT"}]]');
INSERT INTO pricebook.run VALUES (1, 'acme', 'prod', 'aaaaaaaaaaaaaaaaaaaaaaaa', '2025-10-01T12:30:15+00:00', 'me@here:15677:a1', '2025-10-01T12:30:15+00:00', 'ada', 'cccccccccccccccccccccccccccccccccccccccc', 'main', 'aaaaaaaaaaaaaaaaaaaaaaaa', '2025-10-01T12:30:15+00:00', 'done', '\x7801ab564a5428c849cc53b252505231d533305078bba041a9960b0057730725');
INSERT INTO pricebook.run VALUES (2, 'acme', 'prod', 'aaaaaaaaaaaaaaaaaaaaaaaa', '2025-10-01T12:30:15+00:00', 'me@here:15677:a1', '2025-10-01T12:30:15+00:00', 'ada', 'cccccccccccccccccccccccccccccccccccccccc', 'main', 'aaaaaaaaaaaaaaaaaaaaaaaa', NULL, '', '\x7801ab564a5428c849cc53b252505231d533305078bba041a9960b0057730725');
SELECT pg_catalog.setval('pricebook.alias_seq_seq', 4, true);
SELECT pg_catalog.setval('pricebook.journal_seq_seq', 2, true);
SELECT pg_catalog.setval('pricebook.run_number_seq', 2, true);
ALTER TABLE ONLY pricebook.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (namespace);
ALTER TABLE ONLY pricebook.alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY pricebook.billable_metric
    ADD CONSTRAINT billable_metric_mark_key UNIQUE (mark);
ALTER TABLE ONLY pricebook.billable_metric
    ADD CONSTRAINT billable_metric_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.contract
    ADD CONSTRAINT contract_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.contract
    ADD CONSTRAINT contract_uniqueness_key_key UNIQUE (uniqueness_key);
ALTER TABLE ONLY pricebook.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY pricebook.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (environment);
ALTER TABLE ONLY pricebook.package
    ADD CONSTRAINT package_mark_key UNIQUE (mark);
ALTER TABLE ONLY pricebook.package
    ADD CONSTRAINT package_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.package
    ADD CONSTRAINT package_uniqueness_key_key UNIQUE (uniqueness_key);
ALTER TABLE ONLY pricebook.pricing_unit
    ADD CONSTRAINT pricing_unit_mark_key UNIQUE (mark);
ALTER TABLE ONLY pricebook.pricing_unit
    ADD CONSTRAINT pricing_unit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.product
    ADD CONSTRAINT product_mark_key UNIQUE (mark);
ALTER TABLE ONLY pricebook.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.rate_card
    ADD CONSTRAINT rate_card_mark_key UNIQUE (mark);
ALTER TABLE ONLY pricebook.rate_card
    ADD CONSTRAINT rate_card_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pricebook.rate_timeline
    ADD CONSTRAINT rate_timeline_pkey PRIMARY KEY (rate_card_id, key);
ALTER TABLE ONLY pricebook.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (number);
CREATE INDEX alias_name ON pricebook.alias USING btree (kind, name);
CREATE INDEX alias_object ON pricebook.alias USING btree (object_id);
CREATE INDEX contract_customer ON pricebook.contract USING btree (customer_id);
CREATE INDEX contract_package ON pricebook.contract USING btree (package_id, starting_at, customer_id, id);
CREATE INDEX contract_rate_card ON pricebook.contract USING btree (rate_card_id);
CREATE INDEX journal_run ON pricebook.journal USING btree (run);
CREATE INDEX run_environment ON pricebook.run USING btree (environment);
CREATE TRIGGER billable_metric_archived BEFORE UPDATE OF archived_at ON pricebook.billable_metric FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a billable metric cannot be undone');
CREATE TRIGGER billable_metric_delete BEFORE DELETE ON pricebook.billable_metric FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a billable metric cannot be deleted, only archived');
CREATE TRIGGER billable_metric_mark BEFORE UPDATE OF mark, id ON pricebook.billable_metric FOR EACH ROW WHEN ((((new.id <> old.id) OR ((old.mark IS NOT NULL) AND (new.mark IS DISTINCT FROM old.mark))) AND (current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION pricebook.refuse('the identity of a billable metric cannot change');
CREATE TRIGGER billable_metric_truncate BEFORE TRUNCATE ON pricebook.billable_metric FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('billable metrics cannot be deleted');
CREATE TRIGGER contract_archived BEFORE UPDATE OF archived_at ON pricebook.contract FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a contract cannot be undone');
CREATE TRIGGER contract_delete BEFORE DELETE ON pricebook.contract FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a contract cannot be deleted, only archived');
CREATE TRIGGER contract_truncate BEFORE TRUNCATE ON pricebook.contract FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('contracts cannot be deleted');
CREATE TRIGGER package_archived BEFORE UPDATE OF archived_at ON pricebook.package FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a package cannot be undone');
CREATE TRIGGER package_delete BEFORE DELETE ON pricebook.package FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a package cannot be deleted, only archived');
CREATE TRIGGER package_mark BEFORE UPDATE OF mark, id ON pricebook.package FOR EACH ROW WHEN ((((new.id <> old.id) OR ((old.mark IS NOT NULL) AND (new.mark IS DISTINCT FROM old.mark))) AND (current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION pricebook.refuse('the identity of a package cannot change');
CREATE TRIGGER package_truncate BEFORE TRUNCATE ON pricebook.package FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('packages cannot be deleted');
CREATE TRIGGER package_update BEFORE UPDATE OF id, mark, name, digest, spec, created_at, uniqueness_key, rate_card_id, rate_card_alias ON pricebook.package FOR EACH ROW WHEN (((new.id IS DISTINCT FROM old.id) OR (new.mark IS DISTINCT FROM old.mark) OR (new.name IS DISTINCT FROM old.name) OR (new.digest IS DISTINCT FROM old.digest) OR (new.spec IS DISTINCT FROM old.spec) OR (new.created_at IS DISTINCT FROM old.created_at) OR (new.uniqueness_key IS DISTINCT FROM old.uniqueness_key) OR (new.rate_card_id IS DISTINCT FROM old.rate_card_id) OR (new.rate_card_alias IS DISTINCT FROM old.rate_card_alias))) EXECUTE FUNCTION pricebook.refuse('a package cannot be edited, only archived');
CREATE TRIGGER pricing_unit_archived BEFORE UPDATE OF archived_at ON pricebook.pricing_unit FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a pricing unit cannot be undone');
CREATE TRIGGER pricing_unit_delete BEFORE DELETE ON pricebook.pricing_unit FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a pricing unit cannot be deleted, only archived');
CREATE TRIGGER pricing_unit_mark BEFORE UPDATE OF mark, id ON pricebook.pricing_unit FOR EACH ROW WHEN ((((new.id <> old.id) OR ((old.mark IS NOT NULL) AND (new.mark IS DISTINCT FROM old.mark))) AND (current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION pricebook.refuse('the identity of a pricing unit cannot change');
CREATE TRIGGER pricing_unit_truncate BEFORE TRUNCATE ON pricebook.pricing_unit FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('pricing units cannot be deleted');
CREATE TRIGGER product_archived BEFORE UPDATE OF archived_at ON pricebook.product FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a product cannot be undone');
CREATE TRIGGER product_delete BEFORE DELETE ON pricebook.product FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a product cannot be deleted, only archived');
CREATE TRIGGER product_mark BEFORE UPDATE OF mark, id ON pricebook.product FOR EACH ROW WHEN ((((new.id <> old.id) OR ((old.mark IS NOT NULL) AND (new.mark IS DISTINCT FROM old.mark))) AND (current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION pricebook.refuse('the identity of a product cannot change');
CREATE TRIGGER product_truncate BEFORE TRUNCATE ON pricebook.product FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('products cannot be deleted');
CREATE TRIGGER product_type BEFORE UPDATE OF type ON pricebook.product FOR EACH ROW WHEN ((new.type <> old.type)) EXECUTE FUNCTION pricebook.refuse('the type of a product can never change');
CREATE TRIGGER rate_card_archived BEFORE UPDATE OF archived_at ON pricebook.rate_card FOR EACH ROW WHEN (((old.archived_at IS NOT NULL) AND (new.archived_at IS DISTINCT FROM old.archived_at))) EXECUTE FUNCTION pricebook.refuse('archiving a rate card cannot be undone');
CREATE TRIGGER rate_card_delete BEFORE DELETE ON pricebook.rate_card FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a rate card cannot be deleted, only archived');
CREATE TRIGGER rate_card_mark BEFORE UPDATE OF mark, id ON pricebook.rate_card FOR EACH ROW WHEN ((((new.id <> old.id) OR ((old.mark IS NOT NULL) AND (new.mark IS DISTINCT FROM old.mark))) AND (current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text))) EXECUTE FUNCTION pricebook.refuse('the identity of a rate card cannot change');
CREATE TRIGGER rate_card_truncate BEFORE TRUNCATE ON pricebook.rate_card FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('rate cards cannot be deleted');
CREATE TRIGGER rate_timeline_delete BEFORE DELETE ON pricebook.rate_timeline FOR EACH ROW EXECUTE FUNCTION pricebook.refuse('a rate cannot be deleted, only ended');
CREATE TRIGGER rate_timeline_insert AFTER INSERT ON pricebook.rate_timeline REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION pricebook.forget();
CREATE TRIGGER rate_timeline_key BEFORE UPDATE OF rate_card_id, key, product_id ON pricebook.rate_timeline FOR EACH ROW WHEN ((current_setting('pricebook.marking'::text, true) IS DISTINCT FROM 'on'::text)) EXECUTE FUNCTION pricebook.refuse('a rate cannot move to another card or product');
CREATE TRIGGER rate_timeline_truncate BEFORE TRUNCATE ON pricebook.rate_timeline FOR EACH STATEMENT EXECUTE FUNCTION pricebook.refuse('rate timelines cannot be deleted');
CREATE TRIGGER rate_timeline_update AFTER UPDATE ON pricebook.rate_timeline REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION pricebook.forget();
ALTER TABLE ONLY pricebook.contract
    ADD CONSTRAINT contract_package_id_fkey FOREIGN KEY (package_id) REFERENCES pricebook.package(id);
ALTER TABLE ONLY pricebook.contract
    ADD CONSTRAINT contract_rate_card_id_fkey FOREIGN KEY (rate_card_id) REFERENCES pricebook.rate_card(id);
ALTER TABLE ONLY pricebook.journal
    ADD CONSTRAINT journal_run_fkey FOREIGN KEY (run) REFERENCES pricebook.run(number);
ALTER TABLE ONLY pricebook.package
    ADD CONSTRAINT package_rate_card_id_fkey FOREIGN KEY (rate_card_id) REFERENCES pricebook.rate_card(id);
ALTER TABLE ONLY pricebook.rate_timeline
    ADD CONSTRAINT rate_timeline_product_id_fkey FOREIGN KEY (product_id) REFERENCES pricebook.product(id);
ALTER TABLE ONLY pricebook.rate_timeline
    ADD CONSTRAINT rate_timeline_rate_card_id_fkey FOREIGN KEY (rate_card_id) REFERENCES pricebook.rate_card(id);
