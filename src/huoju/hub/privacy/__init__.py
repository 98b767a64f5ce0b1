"""Requests about one's data 个人信息权利: access and erasure, found everywhere, with a certificate."""
