"""The tree a new marketplace begins with. Staff change it; what is there is never overwritten."""

from typing import Final

from msgspec import Struct

from marketplace.catalog.queries.categories import TAG
from marketplace.core import cache, db
from marketplace.core.ids import uuid7


class Branch(Struct, frozen=True):
    slug: str
    en: str
    zh: str
    below: tuple["Branch", ...] = ()


B = Branch
DEFAULT_TREE: Final = (
    B("electronics", "Electronics", "电子产品", (
        B("computers", "Computers", "电脑", (B("laptops", "Laptops", "笔记本电脑"), B("components", "Components", "电脑配件"))),
        B("phones", "Phones", "手机"), B("cameras", "Cameras", "相机"), B("audio", "Audio", "音响设备"),
    )),
    B("fashion", "Fashion", "时尚服饰", (B("clothing", "Clothing", "服装"), B("shoes", "Shoes", "鞋履"), B("bags", "Bags", "箱包"))),
    B("home-garden", "Home and garden", "家居园艺", (
        B("furniture", "Furniture", "家具"), B("kitchen", "Kitchen", "厨房用品"), B("garden", "Garden", "园艺"),
    )),
    B("art", "Art", "艺术品", (
        B("paintings", "Paintings", "绘画"), B("ceramics", "Ceramics", "陶瓷"), B("sculpture", "Sculpture", "雕塑"),
        B("photography-prints", "Photographs", "摄影作品"),
    )),
    B("jewellery-watches", "Jewellery and watches", "珠宝腕表", (B("jewellery", "Jewellery", "珠宝"), B("watches", "Watches", "腕表"))),
    B("collectibles", "Collectibles", "收藏品", (B("coins", "Coins", "钱币"), B("stamps", "Stamps", "邮票"), B("antiques", "Antiques", "古董"))),
    B("books", "Books", "图书", (B("fiction", "Fiction", "小说"), B("non-fiction", "Non-fiction", "非虚构"), B("rare-books", "Rare books", "珍本"))),
    B("music", "Music", "音乐", (B("instruments", "Instruments", "乐器"), B("records", "Records", "唱片"))),
    B("toys-games", "Toys and games", "玩具游戏", (B("video-games", "Video games", "电子游戏"), B("board-games", "Board games", "桌游"))),
    B("sports", "Sports and outdoors", "运动户外", (B("cycling", "Cycling", "骑行"), B("fitness", "Fitness", "健身"))),
    B("design-services", "Design", "设计服务", (
        B("logo-design", "Logo design", "标志设计"), B("illustration", "Illustration", "插画"), B("web-design", "Web design", "网页设计"),
    )),
    B("programming", "Programming", "编程开发", (
        B("web-development", "Web development", "网站开发"), B("mobile-apps", "Mobile apps", "移动应用"), B("data-science", "Data science", "数据科学"),
    )),
    B("writing-translation", "Writing and translation", "写作翻译", (
        B("translation", "Translation", "翻译"), B("copywriting", "Copywriting", "文案写作"),
    )),
    B("video-animation", "Video and animation", "视频动画"),
    B("business-services", "Business", "商务服务", (B("marketing", "Marketing", "市场营销"), B("consulting", "Consulting", "咨询"))),
    B("lessons", "Lessons and coaching", "课程辅导", (B("languages", "Languages", "语言"), B("music-lessons", "Music lessons", "音乐课程"))),
    B("wellness", "Wellness", "身心健康", (B("massage", "Massage", "按摩"), B("therapy", "Therapy", "心理咨询"), B("yoga", "Yoga", "瑜伽"))),
    B("events", "Events", "活动", (B("workshops", "Workshops", "工作坊"), B("concerts", "Concerts", "演出"))),
)  # fmt: skip


async def ensure_default_categories() -> int:
    """Add what is missing of the default tree; returns how many were added. May run at every start, and in two processes at once.

    A slug that is there is left as it is, wherever it was moved and whatever it is called now.
    """
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtext('categories'))")
        rows = await db.fetch("SELECT id, slug, parent, lower(name) AS name FROM categories")
        there = {row["slug"]: row["id"] for row in rows}
        named = {(row["parent"], row["name"]) for row in rows}
        added = 0
        waiting = [(None, place, branch) for place, branch in enumerate(DEFAULT_TREE)]
        while waiting:
            parent, place, branch = waiting.pop(0)
            if branch.slug not in there:
                if (parent, branch.en.lower()) in named:
                    continue  # staff made the same under another slug
                there[branch.slug] = uuid7()
                await db.execute(
                    "INSERT INTO categories (id, parent, slug, name, name_zh, description, description_zh, position, "
                    "is_active, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, '', '', $6, true, now(), now())",
                    there[branch.slug], parent, branch.slug, branch.en, branch.zh, place,
                )  # fmt: skip
                added += 1
            waiting += [(there[branch.slug], n, child) for n, child in enumerate(branch.below)]
        if added:
            cache.drop_on_commit(TAG)
    return added
