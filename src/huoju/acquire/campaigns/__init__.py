"""Campaigns 市场活动, channels 渠道 and UTM."""
