"""The channels that every installation starts with. Names are English msgids, translated on display."""

from django.db import migrations

CHANNELS = [
    ("website", "Website", "free", ["direct", "(direct)/(none)", "website"]),
    ("seo", "Organic search", "free", ["*/organic", "*/seo", "seo"]),
    ("sem", "Paid search", "paid", ["*/cpc", "*/ppc", "*/sem", "*/paidsearch", "baidu", "google", "360", "sogou", "bing", "sem"]),
    ("feed", "Feed ads", "paid", ["*/feed", "*/cpm", "*/display", "*/banner", "toutiao", "oceanengine"]),
    ("hotline", "400 hotline", "free", ["*/phone", "400"]),
    ("content", "Content", "free", ["*/content", "*/blog", "*/article", "*/whitepaper"]),
    ("social", "Social media", "free", ["*/social", "wechat", "weixin", "wecom", "weibo", "zhihu", "xiaohongshu", "douyin", "bilibili", "linkedin", "facebook", "x", "twitter"]),
    ("ai", "AI assistants", "free", ["*/ai", "chatgpt.com", "doubao", "deepseek", "kimi", "perplexity"]),
    ("email", "E-mail", "free", ["*/email", "*/e-mail", "*/edm", "*/newsletter", "edm", "newsletter"]),
    ("events", "Events", "paid", ["*/event", "*/events", "*/offline", "*/webinar", "*/conference", "*/exhibition"]),
    ("partner", "Partners and associations", "partner", ["*/partner", "*/association", "*/reseller"]),
    ("kol", "KOL", "partner", ["*/kol", "*/influencer"]),
    ("referral", "Customer referral", "referral", ["*/referral"]),
    ("sales", "Sales' own", "sales", ["*/sales"]),
    ("employees", "Employees", "employee", ["*/employee", "*/employees"]),
    ("links", "Other websites", "free", []),
]


def add(apps, schema_editor):
    channel = apps.get_model("campaigns", "Channel")
    channel.objects.bulk_create(
        [
            channel(code=code, name=name, kind=kind, utm_aliases=sorted(aliases))
            for code, name, kind, aliases in CHANNELS
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_campaign_archived_unicode_codes")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
