from prometheus_client.parser import text_string_to_metric_families

from deployments.gateway.prometheus import RAYS, merge

PAGE = """\
# HELP ray_text_removal_windows_total Windows run
# TYPE ray_text_removal_windows_total counter
ray_text_removal_windows_total{{SessionName="session_1",Version="2.60.0",model="la\\"ma",node="{node}",otel_scope_name="x"}} {value}
# HELP python_gc_objects not ours
# TYPE python_gc_objects gauge
python_gc_objects 3
# HELP ray_serve_long_poll_latency_ms Ray's inner life
# TYPE ray_serve_long_poll_latency_ms histogram
ray_serve_long_poll_latency_ms_bucket{{le="1"}} 1.0
# HELP ray_text_removal_forward_seconds One forward
# TYPE ray_text_removal_forward_seconds histogram
ray_text_removal_forward_seconds_bucket{{model="lama",le="+Inf",node="{node}"}} 1.0
ray_text_removal_forward_seconds_count{{model="lama",node="{node}"}} 1.0
ray_text_removal_forward_seconds_sum{{model="lama",node="{node}"}} 0.5
# HELP ray_node_disk_free Bytes
# TYPE ray_node_disk_free gauge
ray_node_disk_free{{node="{node}",Version="2.60.0"}} 7.0
# HELP ray_text_removal_windows_created When
# TYPE ray_text_removal_windows_created gauge
ray_text_removal_windows_created{{node="{node}"}} 1.7e+09
# HELP ray_text_removal_empty Nothing yet
# TYPE ray_text_removal_empty gauge
"""  # noqa: E501


def page(node: str, value: float) -> str:
    return PAGE.format(node=node, value=value)


def test_families_of_several_nodes_become_one_each_and_only_those_of_use_are_kept() -> None:
    merged = merge([page("a", 1.0), page("b", 2.0)]).decode()

    families = {family.name: family for family in text_string_to_metric_families(merged)}
    assert set(families) == {"ray_text_removal_windows", "ray_text_removal_forward_seconds", "ray_node_disk_free"}
    windows = {sample.labels["node"]: sample.value for sample in families["ray_text_removal_windows"].samples}
    assert windows == {"a": 1.0, "b": 2.0}
    assert families["ray_text_removal_forward_seconds"].type == "histogram"
    assert merged.count("# TYPE") == 3


def test_labels_that_say_nothing_are_left_out() -> None:
    merged = merge([page("a", 1.0)]).decode()

    labels = {
        key for family in text_string_to_metric_families(merged) for sample in family.samples for key in sample.labels
    }
    assert labels == {"model", "node", "le"}
    assert 'model="la\\"ma"' in merged


def test_a_page_of_ray_s_size_is_merged_into_a_small_one() -> None:
    noise = "".join(
        f"# HELP ray_noise_{number} noise\n# TYPE ray_noise_{number} gauge\n"
        + f'ray_noise_{number}{{a="b"}} 1.0\n' * 20
        for number in range(300)
    )

    assert len(merge([noise + page("a", 1.0)])) < 1500
    assert len(RAYS) < 20
