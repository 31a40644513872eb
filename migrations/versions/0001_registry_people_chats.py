"""The registry, people and their chats.

Revision 0001, the first. Written for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("update_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("worker", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"state\" IN ('stored', 'answered', 'undecodable')", name=op.f("ck_arrival_state")
        ),
        sa.PrimaryKeyConstraint("channel", "update_id", name=op.f("pk_arrival")),
    )
    op.create_index("ix_arrival_open", "arrival", ["state", "worker"], unique=False)
    op.create_index("ix_arrival_received_at", "arrival", ["received_at"], unique=False)

    op.create_table(
        "commune",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("short_name_vi", sa.String(), nullable=True),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("primary_old_district", sa.String(), nullable=True),
        sa.Column("old_districts", sa.String(), nullable=True),
        sa.Column("old_units", sa.String(), nullable=True),
        sa.Column("n_old_units", sa.Integer(), nullable=True),
        sa.Column("area_km2", sa.String(), nullable=True),
        sa.Column("centroid_lat", sa.Float(), nullable=True),
        sa.Column("centroid_lon", sa.Float(), nullable=True),
        sa.Column("min_lat", sa.Float(), nullable=True),
        sa.Column("min_lon", sa.Float(), nullable=True),
        sa.Column("max_lat", sa.Float(), nullable=True),
        sa.Column("max_lon", sa.Float(), nullable=True),
        sa.Column("effective_date", sa.String(), nullable=True),
        sa.Column("legal_basis", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.CheckConstraint("length(code) = 5", name=op.f("ck_commune_code_length")),
        sa.CheckConstraint(
            "min_lat IS NULL OR (min_lat <= max_lat AND min_lon <= max_lon)", name=op.f("ck_commune_box")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_commune")),
    )
    op.create_table(
        "mention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("maker", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("why_not_in_products", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
    )
    op.create_table(
        "miss",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_miss")),
    )
    op.create_index("ix_miss_at", "miss", ["at"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "registry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("province_code", sa.String(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("notice_vi", sa.String(), nullable=True),
        sa.Column("notice_en", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_registry_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry")),
    )
    op.create_table(
        "season",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_vi", sa.String(), nullable=False),
        sa.Column("item_en", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("area_vi", sa.String(), nullable=True),
        sa.Column("commune_codes", sa.String(), nullable=True),
        sa.Column("calendar", sa.String(), nullable=True),
        sa.Column("start_month", sa.Integer(), nullable=True),
        sa.Column("end_month", sa.Integer(), nullable=True),
        sa.Column("peak_vi", sa.String(), nullable=True),
        sa.Column("detail_vi", sa.String(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.CheckConstraint("\"calendar\" IN ('solar', 'lunar')", name=op.f("ck_season_calendar")),
        sa.CheckConstraint(
            "end_month IS NULL OR end_month BETWEEN 1 AND 12", name=op.f("ck_season_end_month")
        ),
        sa.CheckConstraint(
            "start_month IS NULL OR start_month BETWEEN 1 AND 12", name=op.f("ck_season_start_month")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_season")),
    )
    op.create_table(
        "statistic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("date", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statistic")),
    )
    op.create_table(
        "step",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_step")),
    )
    op.create_table(
        "target",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("by", sa.Date(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("measure", name=op.f("pk_target")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=True),
        sa.CheckConstraint("\"state\" IN ('open', 'closed')", name=op.f("ck_ticket_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
    )
    op.create_table(
        "attraction",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attraction_id", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("address_old", sa.String(), nullable=True),
        sa.Column("commune_code", sa.String(), nullable=True),
        sa.Column("commune_name", sa.String(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("coordinate_precision", sa.String(), nullable=True),
        sa.Column("coordinate_source", sa.String(), nullable=True),
        sa.Column("nearby_specialities", sa.String(), nullable=True),
        sa.Column("best_months", sa.String(), nullable=True),
        sa.Column("opening_hours", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"coordinate_precision\" IN ('exact', 'street', 'commune', 'district')",
            name=op.f("ck_attraction_coordinate_precision"),
        ),
        sa.CheckConstraint(
            "latitude IS NULL OR latitude BETWEEN -90 AND 90", name=op.f("ck_attraction_latitude")
        ),
        sa.CheckConstraint(
            "longitude IS NULL OR longitude BETWEEN -180 AND 180", name=op.f("ck_attraction_longitude")
        ),
        sa.ForeignKeyConstraint(["commune_code"], ["commune.code"], name=op.f("fk_attraction_commune_code")),
        sa.PrimaryKeyConstraint("attraction_id", name=op.f("pk_attraction")),
    )
    op.create_index("ix_attraction_commune_code", "attraction", ["commune_code"], unique=False)

    op.create_table(
        "chat",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("guessed", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_reason", sa.String(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"state\" IN ('active', 'gone', 'left')", name=op.f("ck_chat_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_chat_person_id")),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_chat")),
    )
    op.create_index("ix_chat_person_id", "chat", ["person_id"], unique=False)

    op.create_table(
        "commune_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("old_unit", sa.String(), nullable=False),
        sa.Column("old_short_name", sa.String(), nullable=False),
        sa.Column("old_type", sa.String(), nullable=True),
        sa.Column("old_district", sa.String(), nullable=True),
        sa.Column("old_code", sa.String(), nullable=True),
        sa.Column("old_lat", sa.Float(), nullable=True),
        sa.Column("old_lon", sa.Float(), nullable=True),
        sa.Column("old_coord_check", sa.String(), nullable=True),
        sa.Column("coverage", sa.String(), nullable=True),
        sa.Column("new_unit", sa.String(), nullable=True),
        sa.Column("new_code", sa.String(), nullable=True),
        sa.Column("final_unit", sa.String(), nullable=True),
        sa.Column("final_code", sa.String(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("legal_basis", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["final_code"], ["commune.code"], name=op.f("fk_commune_merge_final_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commune_merge")),
    )
    op.create_index(
        "ix_commune_merge_old_short_name_old_district",
        "commune_merge",
        ["old_short_name", "old_district"],
        unique=False,
    )

    op.create_table(
        "event",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("place_vi", sa.String(), nullable=True),
        sa.Column("commune_code", sa.String(), nullable=True),
        sa.Column("calendar", sa.String(), nullable=True),
        sa.Column("usual_start_month", sa.Integer(), nullable=True),
        sa.Column("usual_start_day", sa.Integer(), nullable=True),
        sa.Column("usual_end_month", sa.Integer(), nullable=True),
        sa.Column("usual_end_day", sa.Integer(), nullable=True),
        sa.Column("recurrence", sa.String(), nullable=True),
        sa.Column("past_dates", sa.String(), nullable=True),
        sa.Column("ocop_link_vi", sa.String(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.CheckConstraint("\"calendar\" IN ('solar', 'lunar')", name=op.f("ck_event_calendar")),
        sa.CheckConstraint(
            "usual_end_day IS NULL OR usual_end_day BETWEEN 1 AND 31", name=op.f("ck_event_usual_end_day")
        ),
        sa.CheckConstraint(
            "usual_end_month IS NULL OR usual_end_month BETWEEN 1 AND 12",
            name=op.f("ck_event_usual_end_month"),
        ),
        sa.CheckConstraint(
            "usual_start_day IS NULL OR usual_start_day BETWEEN 1 AND 31",
            name=op.f("ck_event_usual_start_day"),
        ),
        sa.CheckConstraint(
            "usual_start_month IS NULL OR usual_start_month BETWEEN 1 AND 12",
            name=op.f("ck_event_usual_start_month"),
        ),
        sa.ForeignKeyConstraint(["commune_code"], ["commune.code"], name=op.f("fk_event_commune_code")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event")),
    )
    op.create_table(
        "producer",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("commune_code", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("contact_name", sa.String(), nullable=True),
        sa.Column("contact_public", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("website", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"kind\" IN ('cooperative', 'company', 'group', 'household', 'farm', 'association')",
            name=op.f("ck_producer_kind"),
        ),
        sa.ForeignKeyConstraint(["commune_code"], ["commune.code"], name=op.f("fk_producer_commune_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_producer")),
    )
    op.create_index("ix_producer_commune_code", "producer", ["commune_code"], unique=False)

    op.create_table(
        "showroom",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("showroom_id", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("address_old", sa.String(), nullable=True),
        sa.Column("address_new", sa.String(), nullable=True),
        sa.Column("commune_code", sa.String(), nullable=True),
        sa.Column("commune_name", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("opening_hours", sa.String(), nullable=True),
        sa.Column("opening_hours_text", sa.String(), nullable=True),
        sa.Column("market_days", sa.String(), nullable=True),
        sa.Column("opened_date", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("products", sa.String(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("coordinate_precision", sa.String(), nullable=True),
        sa.Column("coordinate_source", sa.String(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.Column("closed_until", sa.Date(), nullable=True),
        sa.Column("closed_note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"coordinate_precision\" IN ('exact', 'street', 'commune', 'district')",
            name=op.f("ck_showroom_coordinate_precision"),
        ),
        sa.CheckConstraint(
            "\"kind\" IN ('ocop_store', 'ocop_centre', 'rest_stop', 'market', 'night_market', 'border_market', 'seasonal_market', 'mall', 'tourist_area', 'online', 'fair_ground')",
            name=op.f("ck_showroom_kind"),
        ),
        sa.CheckConstraint(
            "latitude IS NULL OR latitude BETWEEN -90 AND 90", name=op.f("ck_showroom_latitude")
        ),
        sa.CheckConstraint(
            "longitude IS NULL OR longitude BETWEEN -180 AND 180", name=op.f("ck_showroom_longitude")
        ),
        sa.ForeignKeyConstraint(["commune_code"], ["commune.code"], name=op.f("fk_showroom_commune_code")),
        sa.PrimaryKeyConstraint("showroom_id", name=op.f("pk_showroom")),
    )
    op.create_index("ix_showroom_commune_code", "showroom", ["commune_code"], unique=False)

    op.create_table(
        "product",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_vi", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=True),
        sa.Column("aliases", sa.String(), nullable=True),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("producer_code", sa.String(), nullable=True),
        sa.Column("commune_code", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("standards", sa.String(), nullable=True),
        sa.Column("awards", sa.String(), nullable=True),
        sa.Column("price_vnd", sa.Integer(), nullable=True),
        sa.Column("price_max_vnd", sa.Integer(), nullable=True),
        sa.Column("price_unit", sa.String(), nullable=True),
        sa.Column("priced_on", sa.String(), nullable=True),
        sa.Column("season", sa.String(), nullable=True),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("allergens", sa.String(), nullable=True),
        sa.Column("online_url", sa.String(), nullable=True),
        sa.Column("image", sa.String(), nullable=True),
        sa.Column("description_vi", sa.String(), nullable=True),
        sa.Column("description_en", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.Column("source_date", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"group\" IN ('food', 'beverages', 'medicinal-herbs', 'handicrafts', 'ornamentals', 'tourism-services')",
            name=op.f("ck_product_group"),
        ),
        sa.CheckConstraint(
            "price_max_vnd IS NULL OR (price_vnd IS NOT NULL AND price_max_vnd >= price_vnd)",
            name=op.f("ck_product_price_range"),
        ),
        sa.CheckConstraint("price_vnd IS NULL OR price_vnd >= 0", name=op.f("ck_product_price")),
        sa.CheckConstraint(
            "shelf_life_days IS NULL OR shelf_life_days > 0", name=op.f("ck_product_shelf_life")
        ),
        sa.ForeignKeyConstraint(["commune_code"], ["commune.code"], name=op.f("fk_product_commune_code")),
        sa.ForeignKeyConstraint(["producer_code"], ["producer.code"], name=op.f("fk_product_producer_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_product")),
    )
    op.create_index("ix_product_commune_code", "product", ["commune_code"], unique=False)
    op.create_index("ix_product_producer_code", "product", ["producer_code"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("issued_on", sa.String(), nullable=True),
        sa.Column("issued_on_basis", sa.String(), nullable=True),
        sa.Column("valid_until", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("status_on", sa.String(), nullable=True),
        sa.Column("status_note", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("source_url", sa.String(), nullable=True),
        sa.CheckConstraint(
            "\"issued_on_basis\" IN ('decision', 'certificate', 'ceremony', 'assessment', 'report')",
            name=op.f("ck_certificate_issued_on_basis"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('in_renewal', 'revoked', 'superseded', 'stopped', 'unconfirmed')",
            name=op.f("ck_certificate_status"),
        ),
        sa.CheckConstraint(
            "issued_on IS NULL OR length(issued_on) IN (4, 7, 10)",
            name=op.f("ck_certificate_issued_on_partial"),
        ),
        sa.CheckConstraint("stars IS NULL OR stars BETWEEN 3 AND 5", name=op.f("ck_certificate_stars")),
        sa.CheckConstraint(
            "status_on IS NULL OR length(status_on) IN (4, 7, 10)",
            name=op.f("ck_certificate_status_on_partial"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR length(valid_until) IN (4, 7, 10)",
            name=op.f("ck_certificate_valid_until_partial"),
        ),
        sa.ForeignKeyConstraint(["product_code"], ["product.code"], name=op.f("fk_certificate_product_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
    )
    op.create_index("ix_certificate_product_code", "certificate", ["product_code"], unique=False)
    op.create_index(
        "uq_certificate_in_force",
        "certificate",
        ["product_code"],
        unique=True,
        sqlite_where=sa.text("in_force"),
        postgresql_where=sa.text("in_force"),
    )

    op.create_table(
        "stock",
        sa.Column("product_code", sa.String(), nullable=False),
        sa.Column("showroom_id", sa.String(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["product_code"], ["product.code"], name=op.f("fk_stock_product_code")),
        sa.ForeignKeyConstraint(["showroom_id"], ["showroom.showroom_id"], name=op.f("fk_stock_showroom_id")),
        sa.PrimaryKeyConstraint("product_code", "showroom_id", name=op.f("pk_stock")),
    )
    op.create_index("ix_stock_showroom_id", "stock", ["showroom_id"], unique=False)


def downgrade() -> None:
    for table in (
        "stock",
        "certificate",
        "product",
        "showroom",
        "producer",
        "event",
        "commune_merge",
        "chat",
        "attraction",
        "ticket",
        "target",
        "step",
        "statistic",
        "season",
        "registry",
        "person",
        "miss",
        "mention",
        "commune",
        "arrival",
    ):
        op.drop_table(table)
