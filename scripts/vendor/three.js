export {
  AmbientLight, ArrowHelper, BufferAttribute, BufferGeometry, CapsuleGeometry, Color, ConeGeometry, Curve, CylinderGeometry, DirectionalLight,
  DoubleSide, GridHelper, Group, HemisphereLight, LineBasicMaterial, LineSegments, Matrix4, Mesh, MeshBasicMaterial,
  MeshLambertMaterial, PerspectiveCamera, Points, PointsMaterial, Quaternion, Scene, Shape, ShapeGeometry,
  SphereGeometry, TubeGeometry, Vector3, WebGLRenderer,
} from "three";
export { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
