"""`fan_out` without Workato: any async function, over any iterable.

    python examples/fan_out_anything.py 10000

Memory follows `concurrency`, not the number of items; an item's exception is that item's outcome.
"""

import asyncio
import sys
from collections import Counter

import bulkops


async def halve(number: int) -> int:
    await asyncio.sleep(0)
    if number % 10 == 3:
        raise ValueError("threes are left alone")
    return number // 2


async def main(count: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    async for outcome in bulkops.fan_out(halve, range(count), concurrency=100):
        seen["halved" if outcome.ok else str(outcome.error)] += 1
    return seen


if __name__ == "__main__":
    for words, times in asyncio.run(main(int(sys.argv[1]))).most_common():
        print(f"{times} {words}")
