"""In: a store's brand; out: the same, stored apart from the store's row, which every recording reads."""

from psycopg.rows import dict_row

from paradeiro.db.pool import Connection
from paradeiro.domain.customers.brand import Brand, Logo, brand_problem


async def brand_of(connection: Connection, store_id: int) -> Brand:
    """The store's brand; the default one if none is stored."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM brand WHERE store_id = %s", (store_id,))
        row = await cursor.fetchone()
    if row is None:
        return Brand()
    logo = None
    if row["logo"] is not None:
        logo = Logo(bytes(row["logo"]), row["logo_type"], row["logo_width"], row["logo_height"])
    texts = ("accent", "font", "footer", "email", "phone", "site")
    brand = Brand(**{name: row[name] for name in texts}, host=row["host"] or "", logo=logo)
    # A brand that does not validate (of another version) must not keep mails from being sent: the default one.
    return brand if brand_problem(brand) is None else Brand(host=brand.host)


async def put_brand(connection: Connection, store_id: int, brand: Brand) -> None:
    """Replace it. `host_taken` says beforehand whether another store has its host."""
    sql = """
        INSERT INTO brand (store_id, accent, font, footer, email, phone, site, host,
                           logo, logo_type, logo_width, logo_height)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (store_id) DO UPDATE SET accent = EXCLUDED.accent, font = EXCLUDED.font,
            footer = EXCLUDED.footer, email = EXCLUDED.email, phone = EXCLUDED.phone, site = EXCLUDED.site,
            host = EXCLUDED.host, logo = EXCLUDED.logo, logo_type = EXCLUDED.logo_type,
            logo_width = EXCLUDED.logo_width, logo_height = EXCLUDED.logo_height"""
    logo = brand.logo
    pictured = (logo.content, logo.media_type, logo.width, logo.height) if logo else (None, "", 0, 0)
    texts = (brand.accent, brand.font, brand.footer, brand.email, brand.phone, brand.site, brand.host or None)
    await connection.execute(sql, (store_id, *texts, *pictured))


async def is_host_taken(connection: Connection, store_id: int, host: str) -> bool:
    """Whether another store is reached under this host."""
    sql = "SELECT true FROM brand WHERE host = %s AND store_id <> %s"
    return await (await connection.execute(sql, (host, store_id))).fetchone() is not None


async def store_at(connection: Connection, host: str) -> int | None:
    """The store with this host."""
    row = await (await connection.execute("SELECT store_id FROM brand WHERE host = %s", (host,))).fetchone()
    return row[0] if row else None


async def host_of(connection: Connection, store_id: int) -> str:
    """The host of a store's customer pages; empty for the public URL of Paradeiro."""
    row = await (await connection.execute("SELECT host FROM brand WHERE store_id = %s", (store_id,))).fetchone()
    return (row[0] or "") if row else ""


async def hosts(connection: Connection) -> dict[int, str]:
    """The host of each store that has one."""
    rows = await (await connection.execute("SELECT store_id, host FROM brand WHERE host IS NOT NULL")).fetchall()
    return {row[0]: row[1] for row in rows}
