"""Slack as it is, but several messages at a time: one after the other, as they are sent so that they stand in order,
100,000 would take as long as all else together."""

from typing import ClassVar

from integrations import slack


class QuickSlack(slack.Slack):
    concurrency: ClassVar[int] = 8


class QuickSlackHighValue(slack.SlackHighValue):
    concurrency: ClassVar[int] = 8
