"""How GitHub words an account, a search hit and a commit (REST API version 2022-11-28)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox.cast import GitHub as Account

Record = dict[str, Any]

API = "https://api.github.com"
WEB = "https://github.com"
JOINED_AT = "2016-04-11T09:00:00Z"
UPDATED_AT = "2026-09-30T18:00:00Z"

# The links of a repository, by field: what follows the repository's own URL.
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def simple_user(account: Account, avatar_url: str) -> Record:
    """The account as other records name it: no address, no name."""
    url = f"{API}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": _node_id("User", account.id),
        "avatar_url": avatar_url,
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def user_hit(account: Account, avatar_url: str) -> Record:
    """A result of ``/search/users``."""
    return {**simple_user(account, avatar_url), "score": 1.0}


def public_user(account: Account, avatar_url: str, *, shows_email: bool) -> Record:
    """``/users/{login}``. The public address is shown only to those who are logged in."""
    return {
        **simple_user(account, avatar_url),
        "name": account.name,
        "company": account.company,
        "blog": account.blog,
        "location": account.location,
        "email": account.email if shows_email else None,
        "hireable": None,
        "bio": account.bio,
        "twitter_username": account.twitter,
        "public_repos": account.public_repos,
        "public_gists": 0,
        "followers": account.followers,
        "following": 0,
        "created_at": JOINED_AT,
        "updated_at": UPDATED_AT,
    }


def commit_hit(account: Account, avatar_url: str, email: str) -> Record:
    """A result of ``/search/commits``: a commit of this account, made with this address."""
    owner = simple_user(account, avatar_url)
    repository = _repository(account, owner)
    sha = hashlib.sha1(email.encode()).hexdigest()
    author = {"name": account.name or account.login, "email": email, "date": "2026-03-02T10:15:00.000+00:00"}
    git_url = f"{repository['url']}/git"
    return {
        "url": f"{repository['url']}/commits/{sha}",
        "sha": sha,
        "node_id": _node_id("Commit", sha),
        "html_url": f"{repository['html_url']}/commit/{sha}",
        "comments_url": f"{repository['url']}/commits/{sha}/comments",
        "commit": {
            "author": author,
            "committer": author,
            "comment_count": 0,
            "message": "Tidy up",
            "tree": {"sha": sha, "url": f"{git_url}/trees/{sha}"},
            "url": f"{git_url}/commits/{sha}",
        },
        "author": owner,
        "committer": owner,
        "parents": [],
        "repository": repository,
        "score": 1.0,
    }


def _repository(account: Account, owner: Record) -> Record:
    url = f"{API}/repos/{account.login}/notes"
    return {
        "id": account.id * 10,
        "node_id": _node_id("Repository", account.id * 10),
        "name": "notes",
        "full_name": f"{account.login}/notes",
        "private": False,
        "owner": owner,
        "html_url": f"{WEB}/{account.login}/notes",
        "description": None,
        "fork": False,
        "url": url,
        **{field: f"{url}{rest}" for field, rest in _REPOSITORY_LINKS.items()},
    }


def _node_id(kind: str, key: int | str) -> str:
    return base64.b64encode(f"{len(kind):02}:{kind}{key}".encode()).decode()
