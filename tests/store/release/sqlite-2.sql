PRAGMA application_id = 1886546275;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE account (
	namespace TEXT NOT NULL, 
	mark TEXT NOT NULL, 
	PRIMARY KEY (namespace)
);
INSERT INTO "account" VALUES('acme','prod/3f2a9c1d8b7e6f50');
CREATE TABLE alias (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind TEXT NOT NULL CHECK (kind IN ('rate-card', 'package')), 
	name TEXT NOT NULL, 
	object_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	starting_at TEXT, 
	ending_before TEXT, 
	assigned_at TEXT NOT NULL, 
	withdrawn_at TEXT, 
	CHECK (ending_before > starting_at)
);
INSERT INTO "alias" VALUES(1,'rate-card','List','77259b8f-9d9f-486f-b745-3f6d61109952',0,NULL,NULL,'2025-10-01T12:00:00Z',NULL);
INSERT INTO "alias" VALUES(2,'package','starter','9e420674-462b-4ae5-854c-b567b0ad8ca6',0,NULL,NULL,'2025-10-01T12:00:00Z','2025-10-01T12:00:00Z');
INSERT INTO "alias" VALUES(3,'rate-card','List','fa253e10-5355-41a4-828a-f57f1128aeda',0,'2026-01-01T00:00:00Z',NULL,'2025-10-01T12:00:00Z',NULL);
INSERT INTO "alias" VALUES(4,'package','starter','5e1cf692-6974-48a3-aac4-f3cd6990e449',0,NULL,NULL,'2025-10-01T12:00:00Z',NULL);
CREATE TABLE billable_metric (
	id TEXT NOT NULL, 
	mark TEXT CHECK (length(mark) BETWEEN 1 AND 200), 
	name TEXT NOT NULL, 
	digest TEXT, 
	spec TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	archived_at TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (mark)
);
INSERT INTO "billable_metric" VALUES('41c74ec7-a0e2-4bb6-bbc7-e1f287d7dd6e','acme/billable-metric:calls','Calls','475523497874717c624efffa','{"aggregation_type":"COUNT","group_keys":[["model"]],"name":"Calls"}','2025-10-01T12:30:15Z',NULL);
CREATE TABLE contract (
	id TEXT NOT NULL, 
	customer_id TEXT NOT NULL, 
	package_id TEXT, 
	rate_card_id TEXT, 
	starting_at TEXT NOT NULL, 
	ending_before TEXT, 
	uniqueness_key TEXT, 
	transition TEXT, 
	custom_fields TEXT NOT NULL, 
	created_at TEXT, 
	archived_at TEXT, 
	PRIMARY KEY (id), 
	CHECK (ending_before >= starting_at), 
	FOREIGN KEY(package_id) REFERENCES package (id), 
	FOREIGN KEY(rate_card_id) REFERENCES rate_card (id), 
	UNIQUE (uniqueness_key)
);
INSERT INTO "contract" VALUES('c169ee49-0b7a-4786-a234-70af7c4d0e20','c-1','5e1cf692-6974-48a3-aac4-f3cd6990e449','77259b8f-9d9f-486f-b745-3f6d61109952','2026-01-01T00:00:00Z','2027-01-01T00:00:00Z','k',NULL,'{"a":"ä"}','2025-10-01T12:30:15Z',NULL);
INSERT INTO "contract" VALUES('a541be96-f027-4576-9476-a8509ecfa4b9','c-2','5e1cf692-6974-48a3-aac4-f3cd6990e449','77259b8f-9d9f-486f-b745-3f6d61109952','2026-01-01T00:00:00Z','2027-01-01T00:00:00Z',NULL,NULL,'{}','2025-10-01T12:30:15Z','2025-10-01T12:30:15Z');
CREATE TABLE journal (
	seq INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	state TEXT NOT NULL, 
	at TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	token INTEGER NOT NULL, 
	remote_id TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	FOREIGN KEY(run) REFERENCES run (number)
);
INSERT INTO "journal" VALUES(1,1,'a','done','2025-10-01T12:30:15+00:00','me@here:15677:a1',1,'id-1','said ''no''');
INSERT INTO "journal" VALUES(2,2,'a','done','2025-10-01T12:30:15+00:00','me@here:15677:a1',2,'id-1','said ''no''');
CREATE TABLE lease (
	environment TEXT NOT NULL, 
	token INTEGER NOT NULL, 
	owner TEXT, 
	process TEXT, 
	since TEXT, 
	expires_at TEXT, 
	PRIMARY KEY (environment)
);
INSERT INTO "lease" VALUES('prod',2,NULL,NULL,'2025-10-01T12:30:15+00:00','2025-10-01T12:30:45+00:00');
CREATE TABLE package (
	id TEXT NOT NULL, 
	mark TEXT CHECK (length(mark) BETWEEN 1 AND 200), 
	name TEXT NOT NULL, 
	digest TEXT, 
	spec TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	archived_at TEXT, 
	uniqueness_key TEXT CHECK (length(uniqueness_key) BETWEEN 1 AND 128), 
	rate_card_id TEXT, 
	rate_card_alias TEXT, 
	PRIMARY KEY (id), 
	CHECK (rate_card_id IS NULL OR rate_card_alias IS NULL), 
	UNIQUE (mark), 
	UNIQUE (uniqueness_key), 
	FOREIGN KEY(rate_card_id) REFERENCES rate_card (id)
);
INSERT INTO "package" VALUES('9e420674-462b-4ae5-854c-b567b0ad8ca6','acme/package:starter@1','Starter','9adbbc993ec5254e934d0f2c','{"aliases":[{"name":"starter"}],"duration":{"unit":"MONTHS","value":12},"name":"Starter","rate_card":"77259b8f-9d9f-486f-b745-3f6d61109952","recurring_credits":[{"access_amount":{"quantity":1,"unit_price":1000},"applicable_products":["3b0420b7-a0d3-414a-9bb9-95307c5af42f"],"commit_duration":{"value":1},"duration":{"unit":"MONTHS","value":3},"priority":1,"product":"ec98ec31-1f65-4f17-b3ef-6e92f6d23dd2","recurrence_frequency":"MONTHLY","starting_at_offset":{"unit":"MONTHS","value":0}}],"subscriptions":[{"collection_schedule":"ADVANCE","initial_quantity":1,"proration":{"is_prorated":true},"subscription_rate":{"billing_frequency":"MONTHLY","product":"ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d"}}]}','2025-10-01T12:30:15Z','2025-10-01T12:30:15Z','pricebook/acme/starter@1/9adbbc993ec5254e934d0f2c','77259b8f-9d9f-486f-b745-3f6d61109952',NULL);
INSERT INTO "package" VALUES('5e1cf692-6974-48a3-aac4-f3cd6990e449','acme/package:starter@2','Starter 2','a457ac5b815aca8d8667c129','{"aliases":[{"name":"starter"}],"duration":{"unit":"MONTHS","value":12},"name":"Starter 2","rate_card":"77259b8f-9d9f-486f-b745-3f6d61109952","recurring_credits":[{"access_amount":{"quantity":1,"unit_price":1000},"applicable_products":["3b0420b7-a0d3-414a-9bb9-95307c5af42f"],"commit_duration":{"value":1},"duration":{"unit":"MONTHS","value":3},"priority":1,"product":"ec98ec31-1f65-4f17-b3ef-6e92f6d23dd2","recurrence_frequency":"MONTHLY","starting_at_offset":{"unit":"MONTHS","value":0}}],"subscriptions":[{"collection_schedule":"ADVANCE","initial_quantity":1,"proration":{"is_prorated":true},"subscription_rate":{"billing_frequency":"MONTHLY","product":"ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d"}}]}','2025-10-01T12:30:15Z',NULL,'pricebook/acme/starter@2/a457ac5b815aca8d8667c129','77259b8f-9d9f-486f-b745-3f6d61109952',NULL);
CREATE TABLE pricing_unit (
	id TEXT NOT NULL, 
	mark TEXT CHECK (length(mark) BETWEEN 1 AND 200), 
	name TEXT NOT NULL, 
	digest TEXT, 
	spec TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	archived_at TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (mark)
);
CREATE TABLE product (
	id TEXT NOT NULL, 
	mark TEXT CHECK (length(mark) BETWEEN 1 AND 200), 
	name TEXT NOT NULL, 
	digest TEXT, 
	spec TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	archived_at TEXT, 
	type TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CHECK (type IN ('FIXED', 'USAGE', 'COMPOSITE', 'SUBSCRIPTION', 'PROFESSIONAL_SERVICE')), 
	UNIQUE (mark)
);
INSERT INTO "product" VALUES('3b0420b7-a0d3-414a-9bb9-95307c5af42f','acme/product:tokens','Tokens','68835e151b5b3a1c1720de16','{"billable_metric":"41c74ec7-a0e2-4bb6-bbc7-e1f287d7dd6e","name":"Tokens","pricing_group_key":["model"],"type":"USAGE"}','2025-10-01T12:30:15Z',NULL,'USAGE');
INSERT INTO "product" VALUES('ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d','acme/product:seats','Seats','c9d8430f0bd9f6921c8dc3be','{"name":"Seats","type":"SUBSCRIPTION"}','2025-10-01T12:30:15Z',NULL,'SUBSCRIPTION');
INSERT INTO "product" VALUES('ec98ec31-1f65-4f17-b3ef-6e92f6d23dd2','acme/product:sign-up-credit','Sign-up credit','71ed0647827e673f0f386b7e','{"name":"Sign-up credit","type":"FIXED"}','2025-10-01T12:30:15Z',NULL,'FIXED');
INSERT INTO "product" VALUES('ce2827b0-b8fe-4df1-b750-dc122133b27f','other/product:tokens','Tokens ‮; DROP TABLE run','14c2027c295d3fa5c9578836','{"name":"Tokens ‮; DROP TABLE run","type":"FIXED"}','2025-10-01T12:30:15Z',NULL,'FIXED');
CREATE TABLE rate_card (
	id TEXT NOT NULL, 
	mark TEXT CHECK (length(mark) BETWEEN 1 AND 200), 
	name TEXT NOT NULL, 
	digest TEXT, 
	spec TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	archived_at TEXT, 
	product_order TEXT NOT NULL, 
	rates_digest TEXT CHECK (length(rates_digest) = 32), 
	rates_count INTEGER NOT NULL, 
	rates_mark TEXT CHECK (length(rates_mark) <= 200), 
	aliases_mark TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (mark)
);
INSERT INTO "rate_card" VALUES('77259b8f-9d9f-486f-b745-3f6d61109952','acme/rate-card:list','List prices','2ed8889ea1b99b3600caca39','{"name":"List prices"}','2025-10-01T12:30:15Z',NULL,'["3b0420b7-a0d3-414a-9bb9-95307c5af42f","ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d"]','29c32e4c6d0f3c7ba27bcaddb4049df1',2,NULL,'700d01f0bf69552d3d815aaf');
INSERT INTO "rate_card" VALUES('fa253e10-5355-41a4-828a-f57f1128aeda','acme/rate-card:spare','List prices','2ed8889ea1b99b3600caca39','{"name":"List prices"}','2025-10-01T12:30:15Z',NULL,'[]',NULL,1,NULL,'fc72d15bb58f680cdefb3d67');
CREATE TABLE rate_timeline (
	rate_card_id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	product_id TEXT NOT NULL, 
	schedule TEXT NOT NULL, 
	PRIMARY KEY (rate_card_id, "key"), 
	FOREIGN KEY(rate_card_id) REFERENCES rate_card (id), 
	FOREIGN KEY(product_id) REFERENCES product (id)
)
 WITHOUT ROWID

;
INSERT INTO "rate_timeline" VALUES('77259b8f-9d9f-486f-b745-3f6d61109952','["seats","MONTHLY",{}]','ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d','[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":1000,"rate_type":"FLAT"}]]');
INSERT INTO "rate_timeline" VALUES('77259b8f-9d9f-486f-b745-3f6d61109952','["tokens",null,{"model":"large"}]','3b0420b7-a0d3-414a-9bb9-95307c5af42f','[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":0.5,"rate_type":"FLAT"}]]');
INSERT INTO "rate_timeline" VALUES('fa253e10-5355-41a4-828a-f57f1128aeda','["seats","MONTHLY",{}]','ca95886b-248a-4ed5-8dc1-ff2d02ce0f7d','[["2025-01-01T00:00:00Z",null,{"entitled":true,"price":7,"rate_type":"FLAT"}]]');
CREATE TABLE run (
	number INTEGER NOT NULL, 
	namespace TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	as_of TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	git_commit TEXT NOT NULL, 
	git_branch TEXT NOT NULL, 
	approved TEXT NOT NULL, 
	ended_at TEXT, 
	result TEXT NOT NULL, 
	document BLOB NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "run" VALUES(1,'acme','prod','aaaaaaaaaaaaaaaaaaaaaaaa','2025-10-01T12:30:15+00:00','me@here:15677:a1','2025-10-01T12:30:15+00:00','ada','cccccccccccccccccccccccccccccccccccccccc','main','aaaaaaaaaaaaaaaaaaaaaaaa','2025-10-01T12:30:15+00:00','done',X'7801AB564A5428C849CC53B252505231D533305078BBA041A9960B0057730725');
INSERT INTO "run" VALUES(2,'acme','prod','aaaaaaaaaaaaaaaaaaaaaaaa','2025-10-01T12:30:15+00:00','me@here:15677:a1','2025-10-01T12:30:15+00:00','ada','cccccccccccccccccccccccccccccccccccccccc','main','aaaaaaaaaaaaaaaaaaaaaaaa',NULL,'',X'7801AB564A5428C849CC53B252505231D533305078BBA041A9960B0057730725');
CREATE INDEX alias_object ON alias (object_id);
CREATE INDEX alias_name ON alias (kind, name);
CREATE INDEX contract_customer ON contract (customer_id);
CREATE INDEX contract_rate_card ON contract (rate_card_id);
CREATE INDEX contract_package ON contract (package_id, starting_at, customer_id, id);
CREATE VIEW rate AS
SELECT rate_card.name AS rate_card,
       product.name AS product,
       json_extract(rate_timeline.key, '$[1]') AS billing_frequency,
       json_extract(rate_timeline.key, '$[2]') AS pricing_group_values,
       json_extract(segment.value, '$[0]') AS starting_at,
       json_extract(segment.value, '$[1]') AS ending_before,
       json_extract(segment.value, '$[2].rate_type') AS rate_type,
       segment.value -> '$[2].price' AS price,
       coalesce(json_extract(segment.value, '$[2].credit_type'), 'usd') AS credit_type,
       json_extract(segment.value, '$[2].entitled') AS entitled,
       json_extract(segment.value, '$[2]') AS terms,
       rate_timeline.rate_card_id,
       rate_timeline.product_id
FROM rate_timeline
JOIN rate_card ON rate_card.id = rate_timeline.rate_card_id
JOIN product ON product.id = rate_timeline.product_id
JOIN json_each(rate_timeline.schedule) AS segment;
CREATE TRIGGER package_update BEFORE UPDATE OF id, mark, name, digest, spec, created_at, uniqueness_key, rate_card_id, rate_card_alias ON package WHEN NEW.id IS NOT OLD.id OR NEW.mark IS NOT OLD.mark OR NEW.name IS NOT OLD.name OR NEW.digest IS NOT OLD.digest OR NEW.spec IS NOT OLD.spec OR NEW.created_at IS NOT OLD.created_at OR NEW.uniqueness_key IS NOT OLD.uniqueness_key OR NEW.rate_card_id IS NOT OLD.rate_card_id OR NEW.rate_card_alias IS NOT OLD.rate_card_alias BEGIN SELECT RAISE(ABORT, 'a package cannot be edited, only archived'); END;
CREATE TRIGGER product_type BEFORE UPDATE OF type ON product WHEN NEW.type <> OLD.type BEGIN SELECT RAISE(ABORT, 'the type of a product can never change'); END;
CREATE TRIGGER rate_timeline_delete BEFORE DELETE ON rate_timeline BEGIN SELECT RAISE(ABORT, 'a rate cannot be deleted, only ended'); END;
CREATE TRIGGER rate_timeline_key BEFORE UPDATE OF rate_card_id, key, product_id ON rate_timeline BEGIN SELECT RAISE(ABORT, 'a rate cannot move to another card or product'); END;
CREATE TRIGGER contract_archived BEFORE UPDATE OF archived_at ON contract WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a contract cannot be undone'); END;
CREATE TRIGGER contract_delete BEFORE DELETE ON contract BEGIN SELECT RAISE(ABORT, 'a contract cannot be deleted, only archived'); END;
CREATE TRIGGER rate_timeline_insert AFTER INSERT ON rate_timeline BEGIN
UPDATE rate_card SET rates_digest = NULL WHERE id = NEW.rate_card_id AND rates_digest IS NOT NULL; END;
CREATE TRIGGER rate_timeline_update AFTER UPDATE OF schedule ON rate_timeline BEGIN
UPDATE rate_card SET rates_digest = NULL WHERE id = NEW.rate_card_id AND rates_digest IS NOT NULL; END;
CREATE TRIGGER pricing_unit_delete BEFORE DELETE ON pricing_unit BEGIN SELECT RAISE(ABORT, 'a pricing unit cannot be deleted, only archived'); END;
CREATE TRIGGER pricing_unit_archived BEFORE UPDATE OF archived_at ON pricing_unit WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a pricing unit cannot be undone'); END;
CREATE TRIGGER pricing_unit_mark BEFORE UPDATE OF mark, id ON pricing_unit WHEN NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark BEGIN SELECT RAISE(ABORT, 'the identity of a pricing unit cannot change'); END;
CREATE TRIGGER billable_metric_delete BEFORE DELETE ON billable_metric BEGIN SELECT RAISE(ABORT, 'a billable metric cannot be deleted, only archived'); END;
CREATE TRIGGER billable_metric_archived BEFORE UPDATE OF archived_at ON billable_metric WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a billable metric cannot be undone'); END;
CREATE TRIGGER billable_metric_mark BEFORE UPDATE OF mark, id ON billable_metric WHEN NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark BEGIN SELECT RAISE(ABORT, 'the identity of a billable metric cannot change'); END;
CREATE TRIGGER product_delete BEFORE DELETE ON product BEGIN SELECT RAISE(ABORT, 'a product cannot be deleted, only archived'); END;
CREATE TRIGGER product_archived BEFORE UPDATE OF archived_at ON product WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a product cannot be undone'); END;
CREATE TRIGGER product_mark BEFORE UPDATE OF mark, id ON product WHEN NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark BEGIN SELECT RAISE(ABORT, 'the identity of a product cannot change'); END;
CREATE TRIGGER rate_card_delete BEFORE DELETE ON rate_card BEGIN SELECT RAISE(ABORT, 'a rate card cannot be deleted, only archived'); END;
CREATE TRIGGER rate_card_archived BEFORE UPDATE OF archived_at ON rate_card WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a rate card cannot be undone'); END;
CREATE TRIGGER rate_card_mark BEFORE UPDATE OF mark, id ON rate_card WHEN NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark BEGIN SELECT RAISE(ABORT, 'the identity of a rate card cannot change'); END;
CREATE TRIGGER package_delete BEFORE DELETE ON package BEGIN SELECT RAISE(ABORT, 'a package cannot be deleted, only archived'); END;
CREATE TRIGGER package_archived BEFORE UPDATE OF archived_at ON package WHEN OLD.archived_at IS NOT NULL AND NEW.archived_at IS NOT OLD.archived_at BEGIN SELECT RAISE(ABORT, 'archiving a package cannot be undone'); END;
CREATE TRIGGER package_mark BEFORE UPDATE OF mark, id ON package WHEN NEW.id <> OLD.id OR OLD.mark IS NOT NULL AND NEW.mark IS NOT OLD.mark BEGIN SELECT RAISE(ABORT, 'the identity of a package cannot change'); END;
CREATE INDEX run_environment ON run (environment);
CREATE INDEX journal_run ON journal (run);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('alias',4);
COMMIT;
