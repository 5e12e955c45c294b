"""Examples of each help page: what each is for, and the command line. The key is the command with its subcommand."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "": {
        "a new repository, and its first plan": "reconciler init shop && reconciler -C shop plan",
        "what a merge would change in prod, and then do it": "reconciler plan -e prod && reconciler apply -e prod",
        "the words of another tool, and what they are here": "reconciler help terraform",
        "completion of commands, environments, addresses, labels and formats": "reconciler --install-completion",
    },
    "init": {
        "a new folder with a project that plans at once": "reconciler init shop",
        "a project from what is live in an environment of this one": "reconciler init shop-live --from-env prod",
        "only an id for the project file that is there": "reconciler init --id",
    },
    "validate": {
        "every problem of all environments": "reconciler validate",
        "only what one file and one folder declare": "reconciler validate rooms/morning.yaml rule-groups",
        "annotations for a pull request": "reconciler validate -e prod --format github",
    },
    "test": {
        "all tests of the project": "reconciler test -e prod",
        "some cases, with the rules that no test reaches": "reconciler test -e prod --run 'price*' --coverage",
        "a report for CI": "reconciler test -e prod --report junit=rules.xml --fail-under 80",
    },
    "events": {
        "a recording of 500 events": "reconciler events generate -e prod --count 500 -o events.jsonl",
    },
    "events generate": {
        "a recording of 500 events": "reconciler events generate -e prod --count 500 -o events.jsonl",
        "events of one rule group on stdout": (
            "reconciler events generate -e prod --subject 'InteractionRuleGroup[\"Sale\"]'"
        ),
    },
    "render": {
        "all manifests of an environment after their templates": "reconciler render -e prod",
        "one file, with another value": "reconciler render -e prod rooms/shows.yaml --set shop=Tea",
    },
    "replay": {
        "what a recording leads to, before and after": "reconciler replay events.jsonl -e prod",
        "against the rules of another commit; exit 2 where an answer changes": (
            "reconciler replay events.jsonl -e prod --against base main --fail-on changed"
        ),
    },
    "plan": {
        "what would change, and why": "reconciler plan -e prod",
        "exit 2 where there is anything to do, for CI": "reconciler plan -e prod --detailed-exitcode",
        "one room": "reconciler plan -e prod --target Morning",
        "all rooms that begin with Tea": "reconciler plan -e prod --target 'SmartLiveRoom[\"Tea*\"]'",
        "what one file declares": "reconciler plan -e prod -f rooms/morning.yaml",
        "keep the plan for apply": "reconciler plan -e prod -o plan.json",
        "Markdown for a comment": "reconciler plan -e prod --report markdown=plan.md",
    },
    "apply": {
        "show the plan, ask, and do it": "reconciler apply -e prod",
        "exactly the plan that was reviewed": "reconciler apply plan.json",
        "without a question, with exactly three deletes": "reconciler apply -e prod --auto-approve --allow-deletes 3",
        "own what is declared and live already": "reconciler apply -e prod --adopt",
    },
    "adopt": {
        "a manifest of one live room": "reconciler adopt -e prod 'SmartLiveRoom[\"Morning\"]'",
        "manifests of all live objects without one": "reconciler adopt -e prod --all -o adopted",
        "what they share in a values file": "reconciler adopt -e prod --all -o rooms --values values/common.yaml",
    },
    "accept": {
        "show what would be written into the manifests": "reconciler accept -e prod --dry-run",
        "take one drifted field over": ("reconciler accept -e prod 'SmartLiveRoom[\"Morning\"]' room_description"),
        "as a pull or merge request": "reconciler accept -e prod --branch reconciler/accept-prod --open-request",
    },
    "destroy": {
        "show what would be deleted, ask, and do it": "reconciler destroy -e staging",
        "one room": "reconciler destroy -e staging --target Morning",
        "without a question, exactly four objects": "reconciler destroy -e staging --auto-approve --allow-deletes 4",
    },
    "show": {
        "a kept plan as text": "reconciler show plan.json",
        "a kept plan as a page": "reconciler show plan.json --report html=plan.html",
    },
    "comment": {
        "post the plan on the request of this CI job": "reconciler comment plan.json",
        "print what would be posted on request 12": "reconciler comment plan.json --number 12 --dry-run",
    },
    "explain": {
        "where each value of a room comes from": "reconciler explain -e prod Morning",
        "one field": "reconciler explain -e prod Morning video_config",
    },
    "get": {
        "the live rooms of an environment": "reconciler get rooms -e prod",
        "rooms that are on air or failed, with more columns": (
            "reconciler get rooms -e prod --live-state PROCESSING,FAILED -o wide"
        ),
        "rule groups without a manifest, as JSON": "reconciler get rule-groups -e prod --unmanaged -o json",
    },
    "describe": {
        "everything of one room": "reconciler describe -e prod Morning",
        "one rule group, as YAML": "reconciler describe -e prod 'InteractionRuleGroup[\"Sale\"]' -o yaml",
    },
    "export": {
        "manifests of what is live, one file a resource": "reconciler export -e prod -o exported",
        "the same from a snapshot, over what is there": "reconciler export -e prod --live prod.json -o live --force",
    },
    "snapshot": {
        "keep what is live in a file": "reconciler snapshot -e prod -o prod.json",
        "plan against it, without the API": "reconciler plan -e prod --live prod.json",
    },
    "audit": {
        "all environments; exit 2 on drift": "reconciler audit --fail-on drift,conflict",
        "a page and figures of one night": "reconciler audit --report html=audit.html --metrics audit.prom",
        "ten thousand projects of a list": "reconciler audit --fleet fleet.csv --ledger sqlite:///.reconciler/audit.db",
    },
    "compare": {
        "what differs between two environments": "reconciler compare staging prod",
        "only what the manifests say": "reconciler compare staging prod --declared",
    },
    "doctor": {
        "whether the service answers as documented": "reconciler doctor -e prod",
        "keep the answers for the simulator": "reconciler doctor -e prod --output observed.yaml",
    },
    "history": {
        "the last runs and what each changed": "reconciler history -e prod",
        "the changes of one run": "reconciler history -e prod --run 18e30f17422f7c31",
        "forget what is older than a year": "reconciler history prune -e prod --keep 365",
    },
    "history prune": {
        "forget what is older than a year": "reconciler history prune -e prod --keep 365",
    },
    "history resolve": {
        "the object was created after all": "reconciler history resolve 7c31 -e prod --created 6f1c0a52",
        "it was not": "reconciler history resolve 7c31 -e prod --not-created",
    },
    "history transfer": {
        "after an environment was renamed": "reconciler history transfer --from shop/production -e prod",
    },
    "lock": {
        "who holds a lock": "reconciler lock list -e prod",
        "take it away from a process that is gone": "reconciler lock release 18e30f17422f7c31 -e prod",
    },
    "lock list": {"who holds a lock": "reconciler lock list -e prod"},
    "lock release": {
        "take it away from a process that is gone": "reconciler lock release 18e30f17422f7c31 -e prod",
    },
    "schema": {
        "the names of the schemas": "reconciler schema",
        "write all schemas into a folder": "reconciler schema -o schemas",
        "fail where they are out of date": "reconciler schema --check schemas",
    },
    "simulate": {
        "the API on a free port, with objects of a file": "reconciler simulate --seed live.yaml",
        "on a port of its own, every request logged": "reconciler simulate --port 8080 --log requests.jsonl",
    },
    "simulate edit": {
        "play the colleague in the console": ("reconciler simulate edit Morning room_description=edited -e demo"),
    },
    "simulate reset": {"begin again with the seed": "reconciler simulate reset -e demo"},
    "version": {
        "the version": "reconciler version",
        "for programs": "reconciler version --format json",
    },
    "help": {
        "the page of a command": "reconciler help plan",
        "of a subcommand": "reconciler help history resolve",
        "what the words of another tool are here": "reconciler help terraform",
    },
}
