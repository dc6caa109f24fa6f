"""Makes demo/complete_journey_300.csv.gz from the Complete Journey purchases (CC0): real baskets of 300 households.

    python demo/make_sample.py [FOLDER WITH complete_journey_odd] [OUT]

Which 300: the households whose MD5 comes first, so the choice is the same on every machine and has nothing to do
with what they bought; it keeps the whole shop's spread from one visit a year to three hundred. Lines are added up to
one row a basket, with its three categories of the highest value; nothing else is changed, least of all the dates.
"""

import gzip
import io
import os
import sys
from pathlib import Path

import duckdb

HOUSEHOLDS = 300
HERE = Path(__file__).resolve().parent
OUT = HERE / "complete_journey_300.csv.gz"
COLUMNS = "household_id,basket_id,store_id,purchased_at,items,total,categories"

_QUERY = """
WITH lines AS (
    SELECT t.household_id, t.basket_id, t.store_id, t.transaction_timestamp AS purchased_at,
           t.quantity::BIGINT AS quantity, t.sales_value::DECIMAL(12, 3) AS value,
           COALESCE(NULLIF(TRIM(p.product_category), ''), 'OTHER') AS category
    FROM read_csv($transactions, all_varchar = true) t
    LEFT JOIN read_csv($products, all_varchar = true) p USING (product_id)
    WHERE t.household_id IN (
        SELECT household_id FROM (SELECT DISTINCT household_id FROM read_csv($transactions, all_varchar = true))
        ORDER BY md5(household_id) LIMIT $households
    )
),
categories AS (
    SELECT basket_id, category, SUM(value) AS value,
           ROW_NUMBER() OVER (PARTITION BY basket_id ORDER BY SUM(value) DESC, category) AS place
    FROM lines GROUP BY basket_id, category
)
SELECT household_id, basket_id, ANY_VALUE(store_id), MIN(purchased_at), SUM(quantity),
       ROUND(SUM(value), 2)::DECIMAL(12, 2),
       (SELECT STRING_AGG(c.category, '; ' ORDER BY c.place) FROM categories c
        WHERE c.basket_id = lines.basket_id AND c.place <= 3)
FROM lines GROUP BY household_id, basket_id
ORDER BY MIN(purchased_at), basket_id
"""


def shared_data() -> Path:
    """Where the real logs lie: `PASSAPAROLA_SHARED_DATA`, else ../shared/data beside the checkout."""
    return Path(os.environ.get("PASSAPAROLA_SHARED_DATA", HERE.parent.parent / "shared" / "data"))


def make(folder: Path, out: Path) -> int:
    """Write the sample; how many baskets it holds."""
    found = duckdb.connect().execute(
        _QUERY,
        {
            "transactions": str(folder / "transactions.csv.gz"),
            "products": str(folder / "products.csv.gz"),
            "households": HOUSEHOLDS,
        },
    )
    text = io.StringIO()
    text.write(COLUMNS + "\n")
    baskets = 0
    while row := found.fetchone():
        text.write(",".join(_field(value) for value in row) + "\n")
        baskets += 1
    # No name and no time in the gzip header: the same input gives the same bytes.
    out.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    return baskets


def _field(value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else shared_data() / "complete_journey_odd"
    if not (source / "transactions.csv.gz").exists():
        sys.exit(f"No transactions.csv.gz in {source}: give the folder as the first argument.")
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else OUT
    print(f"{make(source, target):,} baskets, {target.stat().st_size:,} bytes in {target.name}")
