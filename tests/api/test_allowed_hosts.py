"""Which addresses are allowed: a list of exact hosts, matched before any parser gets to see the URL."""

import pytest

from reconciler.api.allowed_hosts import check_allowed, endpoint, iam_endpoint, path_segment
from reconciler.api.connection import Connection
from reconciler.errors import HostNotAllowedError

CLOUD = "https://metastudio.cn-north-4.myhuaweicloud.com"


def refused(url, code="E_URL_HOST", extra=()):
    with pytest.raises(HostNotAllowedError) as caught:
        check_allowed(url, extra)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        CLOUD,
        CLOUD + "/",
        CLOUD + ":443",
        "https://iam.cn-east-3.myhuaweicloud.com",
        "https://iam.myhuaweicloud.com",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:9",
    ],
)
def test_the_service_its_iam_and_this_machine_are_allowed(url):
    assert str(check_allowed(url)) == url.removesuffix("/").removesuffix(":443")


def test_the_addresses_of_a_region_are_allowed_ones():
    assert check_allowed(endpoint("ap-southeast-3")).netloc == "metastudio.ap-southeast-3.myhuaweicloud.com"
    assert check_allowed(iam_endpoint("cn-north-4")).netloc == "iam.cn-north-4.myhuaweicloud.com"
    with pytest.raises(HostNotAllowedError):
        endpoint("cn-north-4.evil.test/")


def test_u001_a_backslash_before_the_at_sign_is_refused():
    refused("https://evil.test\\@metastudio.cn-north-4.myhuaweicloud.com/x")


def test_u004_plain_http_to_the_cloud_is_refused():
    refused("http://metastudio.cn-north-4.myhuaweicloud.com/")


def test_u005_the_cloud_metadata_address_is_refused():
    refused("http://169.254.169.254/openstack/latest/securitykey")


def test_u006_the_metadata_address_in_ipv6_clothes_is_refused():
    refused("http://[::ffff:169.254.169.254]/")


def test_u008_loopback_as_a_number_is_refused():
    refused("http://2130706433/")


def test_u009_loopback_in_octal_is_refused():
    refused("http://0177.0.0.1/")


def test_u010_loopback_in_hex_is_refused():
    refused("http://0x7f000001/")


def test_u012_a_carrier_grade_address_is_refused():
    refused("http://100.64.0.1/")


def test_u013_a_file_is_no_address():
    refused("file:///etc/passwd")


def test_u014_a_line_break_inside_the_host_is_refused():
    refused("https://h\n.evil/")
    refused(CLOUD + "\n")


def test_u015_another_port_of_the_cloud_is_refused():
    refused(CLOUD + ":8443/")


def test_u017_a_name_that_may_lead_anywhere_is_refused():
    refused("https://rebind.test/")


def test_u018_an_id_that_is_a_path_is_refused():
    with pytest.raises(HostNotAllowedError) as caught:
        path_segment("../../v3/users")
    assert caught.value.code == "E_ID_FORMAT"


@pytest.mark.parametrize(
    "url",
    [
        "https://user@metastudio.cn-north-4.myhuaweicloud.com",
        "https://metastudio.cn-north-4.myhuaweicloud.com.evil.test",
        "https://evil-metastudio.cn-north-4.myhuaweicloud.com",
        "https://metastudio..myhuaweicloud.com",
        "https://METASTUDIO.cn-north-4.myhuaweicloud.com",
        "https://metastudio.cn-north-4.myhuaweicloud.com?x",
        "https://metastudio.cn-north-4.myhuaweicloud.com#x",
        "https://metastudio.cn-north-4.myhuaweicloud.com/v1",
        "https://obs.cn-north-4.myhuaweicloud.com",
        "https://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.2",
        "http://localhost.evil.test",
        "ftp://localhost",
        "localhost",
        "",
        "https://[::ffff:169.254.169.254]",
        "http://[::ffff:127.0.0.1]:80",
        "http://[0:0:0:0:0:0:0:1]:9",
        "http://[::]:80",
        "http://[::1%25lo]:9",
        "http://0.0.0.0",
        "http://127.1",
        "http://127.0.0.1:65536",
        "http://127.0.0.1.",
        "http://LOCALHOST",
        "http://u:p@127.0.0.1",
        "https://metastudio.cn-north-4.myhuaweicloud.com.",
        "https://metastudio.cn-north-4.myhuaweicloud.com:0",
        "https://metastudio.cn-north-4.myhuaweicloud.com:65536",
        "https://metastudio.cn-north-4.myhuaweicloud.com:４４３",
        "https://metastudio%2ecn-north-4.myhuaweicloud.com",
        "https://%6detastudio.cn-north-4.myhuaweicloud.com",
        "https://meta\u0455tudio.cn-north-4.myhuaweicloud.com",
        "https://metastudio\u3002cn-north-4.myhuaweicloud.com",
        "https://metastudio.cn-north-4.myhuaweicloud.com\n",
        "https:///metastudio.cn-north-4.myhuaweicloud.com",
        "https://metastudio.cn-north-4.myhuaweicloud.com\\",
        "https://metastudio.cn-north-4.myhuaweicloud.com%00.evil.test",
        "http+unix://%2ftmp%2fsocket",
    ],
)
def test_whatever_is_not_exactly_allowed_is_refused(url):
    refused(url)


def test_the_operator_may_allow_further_hosts_by_https_and_plain_http_only_in_so_many_words():
    extra = ("gateway.example", "other.example:8443", "http://simulator:8000")
    assert str(check_allowed("https://gateway.example", extra)) == "https://gateway.example"
    assert str(check_allowed("https://other.example:8443", extra)) == "https://other.example:8443"
    assert str(check_allowed("http://simulator:8000", extra)) == "http://simulator:8000"
    refused("http://gateway.example", extra=extra)
    refused("https://other.example", extra=extra)
    refused("https://simulator:8000", extra=extra)


def test_a_connection_checks_its_address_before_anything_else():
    with pytest.raises(HostNotAllowedError):
        Connection(base_url="https://evil.test", project_id="0" * 32)
    with pytest.raises(HostNotAllowedError):
        Connection(base_url=CLOUD, project_id="../..")
