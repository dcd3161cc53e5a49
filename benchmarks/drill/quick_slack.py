"""Slack as it is, but for its pace: at the message a second that a channel takes, 100,000 signups would take a day."""

from typing import ClassVar

from integrations import slack


class QuickSlack(slack.Slack):
    concurrency: ClassVar[int] = 8


class QuickSlackHighValue(slack.SlackHighValue):
    concurrency: ClassVar[int] = 8
