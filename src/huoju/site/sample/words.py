"""Word lists of the sample company. Everybody and everything in it is made up."""

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
GIVEN_NAMES = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 建国 建华 志强 志远 文博 子涵 雨桐 浩然 思远 晓东 晓梅 海燕 "
    "国庆 雅婷 俊杰 佳怡 欣怡 嘉豪 宇航 天宇 立新 永刚 春梅 秀英 玉兰 桂英 鹏飞 振华 卫东 新民 诗涵 梓萱 若曦 明哲 博文 泽宇 "
    "梦琪 晨曦 家豪 文静 慧敏 丹丹 婷婷 小龙 少华 学军 世杰 东升 长江 凯 斌 波 辉 健 飞 鑫 琳 颖 莉 璐 倩 薇 晶 旭 峰 亮 宁 蕾"
)
GIVEN = tuple(GIVEN_NAMES.split())
BRANDS_A = "恒 中 华 鼎 金 瑞 天 盛 宏 远 嘉 德 信 安 博 凯 隆 泰 康 新 联 众 创 科 云 智 海 东 北 南 西 长 永 正 大 明 星 润 沃 诺"
BRANDS_B = "通 达 诚 源 丰 和 兴 业 邦 泽 辰 图 森 腾 宇 航 海 江 川 山 石 峰 林 岳 桥 舟 鸿 鹏 麟 驰 翔 跃 启 元 一 方 成 立 道 维"

REGIONS = (  # GB/T 2260 code, name in a company's name, share of leads
    *(("11", "北京", 17), ("31", "上海", 15), ("44", "深圳", 11), ("44", "广州", 8), ("33", "杭州", 10)),
    *(("32", "苏州", 6), ("32", "南京", 5), ("51", "成都", 5), ("42", "武汉", 4), ("37", "青岛", 3)),
    *(("35", "厦门", 3), ("50", "重庆", 3), ("61", "西安", 2), ("43", "长沙", 2), ("34", "合肥", 2)),
    *(("12", "天津", 2), ("41", "郑州", 2), ("21", "大连", 1), ("13", "石家庄", 1), ("53", "昆明", 1)),
)
TRADES = (  # word in a company's name, industry as people write it, share
    *(
        ("信息技术", "软件与信息服务", 18),
        ("智能制造", "制造业", 16),
        ("银行", "金融", 5),
        ("证券", "金融", 4),
    ),
    *(
        ("医疗科技", "医疗健康", 9),
        ("电子商务", "零售与电商", 10),
        ("物流", "物流运输", 7),
        ("能源", "能源", 6),
    ),
    *(
        ("教育科技", "教育", 5),
        ("汽车零部件", "汽车", 7),
        ("生物医药", "医疗健康", 4),
        ("建设工程", "建筑", 4),
    ),
    *(("食品", "消费品", 4), ("传媒", "媒体", 3), ("新材料", "制造业", 6)),
)
SIZES = (
    ("1-19人", 9),
    ("20-99人", 26),
    ("100-499人", 32),
    ("500-999人", 16),
    ("1000-4999人", 12),
    ("5000人以上", 5),
)
TITLES = (
    *(("CIO", 5), ("CTO", 5), ("信息总监", 9), ("数据总监", 7), ("IT经理", 15), ("数据平台经理", 12)),
    *(
        ("数据工程师", 14),
        ("架构师", 8),
        ("运营经理", 8),
        ("采购经理", 5),
        ("产品经理", 6),
        ("总经理", 4),
        ("学生", 2),
    ),
)
PRODUCTS = (("数据集成平台", 46), ("指标平台", 30), ("数据治理", 24))
MESSAGES = (
    "想了解私有化部署的报价", "需要对接 SAP 和 Oracle,请联系", "目前用开源 ETL,维护成本太高", "请安排一次产品演示",
    "我们计划年底前完成数据平台选型", "指标口径混乱,想统一管理", "想试用 30 天", "有国产化适配的案例吗?", "请发一份制造业案例",
)  # fmt: skip
COMPETITORS = ("云枢数据", "数澜科技(样例)", "开源自建", "Databridge", "某国外厂商")

CHANNELS = (  # code, name, kind, share of leads, quality (lead → MQL), closing (relative)
    ("seo", "自然搜索", "free", 17, 0.44, 1.05),
    ("sem", "百度推广", "paid", 21, 0.34, 0.85),
    ("feed", "信息流广告", "paid", 9, 0.20, 0.55),
    ("hotline", "400 热线", "free", 6, 0.62, 1.35),
    ("content", "内容与白皮书", "free", 14, 0.38, 0.8),
    ("events", "线下会议", "paid", 10, 0.50, 1.1),
    ("webinar", "线上直播", "paid", 9, 0.40, 0.9),
    ("partner", "渠道伙伴", "partner", 6, 0.66, 1.5),
    ("referral", "老客户推荐", "referral", 4, 0.78, 1.9),
    ("sales", "销售自拓", "sales", 4, 0.72, 1.3),
)
CAMPAIGNS = (  # code, name, channel, first month back, length in months, share inside the channel
    ("sem-brand", "百度品牌词", "sem", 18, 18, 3),
    ("sem-etl", "百度 ETL 竞品词", "sem", 14, 14, 5),
    ("sem-governance", "百度数据治理词", "sem", 8, 8, 4),
    ("feeds-spring", "春季信息流", "feed", 10, 3, 4),
    ("feeds-autumn", "秋季信息流", "feed", 4, 4, 5),
    ("wp-integration", "《数据集成选型白皮书》", "content", 17, 12, 5),
    ("wp-metrics", "《指标体系建设指南》", "content", 9, 9, 5),
    ("cases-2026", "标杆案例集", "content", 6, 6, 3),
    ("summit-2025", "2025 数据治理峰会", "events", 13, 1, 6),
    ("expo-spring", "春季数字中国展", "events", 8, 1, 5),
    ("summit-2026", "2026 数据治理峰会", "events", 2, 1, 8),
    ("roadshow", "制造业巡回沙龙", "events", 6, 5, 4),
    ("live-q1", "指标平台公开课", "webinar", 11, 3, 4),
    ("live-q3", "数据集成实战直播", "webinar", 5, 5, 6),
    ("partner-plan", "燎原伙伴计划", "partner", 12, 12, 5),
    ("refer-2026", "老客户推荐有礼", "referral", 9, 9, 5),
)
KEYWORDS = {
    "sem": (
        "数据集成工具",
        "etl工具",
        "kettle替代",
        "数据治理平台",
        "指标管理平台",
        "数据中台",
        "燎原数据",
    ),
    "seo": ("数据同步工具", "cdc 是什么", "指标口径", "主数据管理", "数据血缘", "etl 选型"),
}
PAGES = (
    "/contact",
    "/trial",
    "/product/integration",
    "/product/metrics",
    "/whitepaper/integration",
    "/cases",
    "/event",
)
CONSENT_TEXT = "我同意贵公司使用以上信息答复我的咨询；我愿意接收产品资料与活动信息。"
PASSWORD = "huoju-demo"  # noqa: S105 (printed at every start)
MAIL_DOMAIN = "liaoyuan.example"
STAFF = (  # username, name, role, team, provinces served (sales)
    ("admin", "管理员", "admin", "", ()),
    ("marketing", "林晓雯", "marketing", "", ()),
    ("marketing2", "赵一鸣", "marketing", "", ()),
    ("telemarketing", "周婷", "telemarketing", "", ()),
    ("telemarketing2", "何静", "telemarketing", "", ()),
    ("sales", "陈浩", "sales", "华东区", ("31", "33", "32", "34")),
    ("sales2", "吴敏", "sales", "华东区", ("31", "32")),
    ("sales3", "徐磊", "sales", "华北区", ("11", "12", "13", "37", "21", "41")),
    ("sales4", "孙悦", "sales", "华北区", ("11", "61")),
    ("sales5", "黄志强", "sales", "华南区", ("44", "35", "43")),
    ("sales6", "梁诗韵", "sales", "华南区", ("44", "53")),
    ("sales7", "罗刚", "sales", "西部区", ("51", "50", "61", "53", "42")),
    ("manager", "郑国栋", "sales_manager", "华东区", ()),
    ("manager2", "马莉", "sales_manager", "华北区", ()),
    ("executive", "高远", "executive", "", ()),
)
NOTES = (
    ("call", "reached", "电话沟通 15 分钟:现有 Kettle 任务约 300 个,维护困难,计划 Q4 立项。"),
    ("call", "no_answer", "无人接听,明天上午再联系。"),
    ("call", "call_back", "正在开会,约周四下午回电。"),
    ("visit", "reached", "上门拜访信息部,介绍方案并演示,客户关注国产化适配与并发性能。"),
    ("message", "reached", "已加企业微信,发送产品资料与制造业案例。"),
    ("note", "", "决策链:信息总监评估,CFO 批预算,采购走招标。"),
    ("call", "reached", "客户确认预算约 40 万,希望 12 月前完成 POC。"),
)
