"""What a column of a file of leads, or of payments, can become."""

from django.utils.translation import gettext_lazy as _

from huoju.acquire.imports.registry import Choice, Field, Kind

_WHO, _FROM, _LIFE, _SALE = "hub", "acquire", "qualify", "convert"

LEAD_FIELDS: tuple[Field, ...] = (
    Field("name", _("Name"), synonyms=("姓名", "联系人", "客户姓名", "contact", "full name", "contact name"), wing=_WHO),
    Field("mobile", _("Mobile"), Kind.PHONE, ("手机", "手机号", "手机号码", "电话", "联系电话", "phone", "tel"), _WHO),
    Field("email", _("E-mail"), Kind.EMAIL, ("邮箱", "电子邮件", "邮件", "mail", "email address"), _WHO),
    Field("company", _("Company"), synonyms=("公司", "公司名称", "企业名称", "单位", "company name", "account"), wing=_WHO),
    Field("uscc", _("Unified social credit code"), synonyms=("统一社会信用代码", "信用代码"), wing=_WHO),
    Field("title", _("Job title"), synonyms=("职位", "职务", "岗位", "position", "job title"), wing=_WHO),
    Field("company_size", _("Company size"), synonyms=("规模", "公司规模", "人数", "employees", "headcount"), wing=_WHO),
    Field("industry", _("Industry"), synonyms=("行业", "所属行业", "sector"), wing=_WHO),
    Field("region", _("Region"), synonyms=("地区", "省份", "省", "城市", "区域", "province", "city", "state"), wing=_WHO),
    Field("country", _("Country"), synonyms=("国家",), wing=_WHO),
    Field("channel", _("Channel"), synonyms=("渠道", "来源", "线索来源", "来源渠道", "source", "lead source", "origin"), wing=_FROM),
    Field("campaign", _("Campaign"), synonyms=("活动", "市场活动", "campaign name", "utm_campaign"), wing=_FROM),
    Field("keyword", _("Keyword"), synonyms=("关键词", "utm_term"), wing=_FROM),
    Field("landing_page", _("Landing page"), synonyms=("落地页", "页面", "landing page", "page"), wing=_FROM),
    Field("referrer", _("Referrer"), synonyms=("来路", "referer"), wing=_FROM),
    Field("product", _("Product line"), synonyms=("产品", "意向产品", "产品线", "product"), wing=_FROM),
    Field("message", _("Message"), synonyms=("留言", "需求", "备注", "描述", "notes", "comment"), wing=_FROM),
    Field("external_id", _("Id in the other system"), Kind.EXTERNAL_ID, ("线索编号", "线索id", "lead id", "crm id", "id"), _LIFE),
    Field("segment", _("Business segment"), synonyms=("客户细分", "业务类型", "business segment"), wing=_LIFE),
    Field("captured_at", _("First contact"), Kind.DATE, ("创建时间", "首次联系", "登记日期", "created", "first contact"), _LIFE),
    Field("mql_at", _("MQL at"), Kind.DATE, ("mql时间", "mql date"), _LIFE),
    Field("sdr", _("Telemarketer"), synonyms=("电销", "sdr", "电话营销"), wing=_LIFE),
    Field("owner", _("Owner"), synonyms=("负责人", "销售", "跟进人", "owner", "sales rep", "account executive"), wing=_SALE),
    Field("sql_at", _("SQL at"), Kind.DATE, ("sql时间", "接收时间", "sql date"), _SALE),
    Field("opportunity_at", _("Opportunity at"), Kind.DATE, ("商机时间", "opportunity date"), _SALE),
    Field("poc_at", _("POC at"), Kind.DATE, ("poc时间", "试用时间", "poc date"), _SALE),
    Field("won_at", _("Won at"), Kind.DATE, ("签单时间", "成交时间", "签约日期", "won date", "closed won"), _SALE),
    Field("lost_at", _("Lost at"), Kind.DATE, ("输单时间", "丢单时间", "lost date"), _SALE),
    Field("nurturing_at", _("Nurturing since"), Kind.DATE, ("培育时间", "nurturing date"), _SALE),
    Field("disqualified_at", _("Disqualified at"), Kind.DATE, ("无效时间", "判定无效时间", "disqualified date"), _SALE),
    Field(
        "outcome", _("Outcome"), Kind.CHOICE, ("状态", "结果", "outcome", "status"), _SALE,
        choices=(
            Choice("won", _("Won"), ("签单", "成交", "赢单", "已签约", "closed won")),
            Choice("lost", _("Lost"), ("输单", "丢单", "失败", "closed lost")),
            Choice("nurturing", _("Nurturing"), ("培育", "孵化", "nurture")),
            Choice("disqualified", _("Disqualified"), ("无效", "unqualified", "junk")),
            Choice("open", _("Open"), ("进行中", "跟进中", "open", "new")),
        ),
    ),
    Field("reason", _("Reason"), synonyms=("原因", "输单原因", "无效原因", "lost reason"), wing=_SALE),
    Field("competitor", _("Competitor"), synonyms=("竞争对手", "竞品"), wing=_SALE),
    Field("amount", _("Amount"), Kind.MONEY, ("金额", "合同金额", "签约金额", "deal amount", "value"), _SALE),
    Field("deal_id", _("Deal's id in the other system"), Kind.EXTERNAL_ID, ("商机编号", "合同编号", "deal id", "opportunity id"), _SALE),
)  # fmt: skip

PAYMENT_FIELDS: tuple[Field, ...] = (
    Field(
        "deal_id", _("Deal's id in the other system"), Kind.EXTERNAL_ID,
        ("商机编号", "合同编号", "deal id", "opportunity id", "contract id"), _SALE, required=True,
    ),
    Field("external_id", _("Payment's id in the other system"), Kind.EXTERNAL_ID, ("回款编号", "流水号", "payment id"), _SALE),
    Field("amount", _("Amount"), Kind.MONEY, ("金额", "回款金额", "price", "paid"), _SALE, required=True),
    Field("paid_at", _("Paid on"), Kind.DATE, ("回款时间", "到账日期", "付款日期", "payment date"), _SALE, required=True),
    Field("note", _("Note"), synonyms=("备注", "摘要", "comment"), wing=_SALE),
)  # fmt: skip
