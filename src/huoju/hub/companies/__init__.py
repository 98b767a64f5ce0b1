"""Companies 企业: names, domains, region, industry."""
